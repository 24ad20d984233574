"""On which domains pictures can be laid in whose convention."""

from __future__ import annotations

from gaugecnn.choices import Convention
from gaugecnn.errors import UserError

DOMAINS = {Convention.published: ("lat_lon", "icosphere")}
"""The kinds of domain of a convention that is not for all of them."""


def check_convention(convention: Convention, domain_kind: str) -> None:
    """Refuse a convention that is not defined on that kind of domain.

    Raises:
        UserError: the key, what it expects and what it was given.
    """
    kinds = DOMAINS.get(convention, (domain_kind,))
    if domain_kind not in kinds:
        raise UserError(
            f"data.convention={convention} is defined on domain.kind={' or '.join(kinds)} alone, "
            f"got domain.kind={domain_kind}; data.convention=standard is defined on all"
        )
