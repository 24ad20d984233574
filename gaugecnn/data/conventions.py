"""In whose convention pictures are laid on a surface: the choice, without what it takes."""

from __future__ import annotations

from enum import StrEnum

from gaugecnn.errors import UserError


class Convention(StrEnum):
    """Who says where a picture lies on a surface, how it is sampled, and in which numbers.

    ``standard`` is ours (`gaugecnn.data.rendering`), on every domain. ``published`` is that of the
    spherical MNIST on which the published networks were trained (`gaugecnn.data.published`).
    """

    standard = "standard"
    published = "published"


DOMAINS = {Convention.published: ("lat_lon",)}
"""The kinds of domain of a convention that is not for all of them."""


def check_convention(name: str, domain_kind: str) -> None:
    """Refuse a convention that does not exist, or not on that kind of domain.

    Raises:
        UserError: the key, what it expects and what it was given.
    """
    if name not in list(Convention):
        choices = ", ".join(Convention)
        raise UserError(f"data.convention: expected one of {choices}, got {name!r}")
    kinds = DOMAINS.get(Convention(name), (domain_kind,))
    if domain_kind not in kinds:
        raise UserError(
            f"data.convention={name} is defined on domain.kind={' or '.join(kinds)} alone, "
            f"got domain.kind={domain_kind}; data.convention=standard is defined on all"
        )
