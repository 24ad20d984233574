"""The options of one S2CNN convolution, and the checks they share with the family."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from gaugecnn.errors import UserError
from gaugecnn.layers import Stage
from gaugecnn.methods.s2cnn.grids import (
    Grid,
    s2_equatorial_grid,
    s2_near_identity_grid,
    so3_equatorial_grid,
    so3_near_identity_grid,
)

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


class Support(StrEnum):
    """Where kernels live: about the pole and the identity, or in a band about the equator."""

    near_identity = "near_identity"
    equatorial = "equatorial"


S2_GRIDS = {
    Support.near_identity: s2_near_identity_grid,
    Support.equatorial: s2_equatorial_grid,
}
SO3_GRIDS = {
    Support.near_identity: so3_near_identity_grid,
    Support.equatorial: so3_equatorial_grid,
}


@dataclass(frozen=True, kw_only=True)
class S2CNNStage(Stage):
    """One convolution: its degree cut-off and where its kernel lives.

    Args:
        channels: channels of the feature that the stage produces.
        max_beta: extent of the kernel in radians.
        bandwidth: degree cut-off; None keeps that of what comes in, and the domain's for a lift
            and a projection.
        support: kernels near the identity or about the equator.
        n_alpha: kernel points along alpha.
        n_beta: kernel points along beta.
        n_gamma: kernel points along gamma, by default n_alpha; the lift has none.
        sampling: bandwidth of the grid over the cut-off, by default the family's.
        max_order: largest frequency along gamma, by default the family's.
    """

    max_beta: float
    bandwidth: int | None = None
    support: Support = Support.near_identity
    n_alpha: int = 8
    n_beta: int = 3
    n_gamma: int | None = None
    sampling: float | None = None
    max_order: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "support", choice(Support, self.support, "support"))
        if self.bandwidth is not None and self.bandwidth < 1:
            raise UserError(f"expected bandwidth >= 1 in a stage, got {self.bandwidth}")
        if self.sampling is not None:
            check_sampling(self.sampling)
        if self.max_order is not None:
            check_max_order(self.max_order)

    def s2_kernel(self) -> Grid:
        """The points of a kernel on the sphere, ``(point, 2)``."""
        return S2_GRIDS[self.support](self.max_beta, self.n_alpha, self.n_beta)

    def so3_kernel(self) -> Grid:
        """The points of a kernel on SO(3), ``(point, 3)``."""
        return SO3_GRIDS[self.support](self.max_beta, self.n_alpha, self.n_beta, self.n_gamma)


def choice(kind: type[ChoiceT], value: str, key: str) -> ChoiceT:
    """The member of `kind` that a config names; `key` is what to call it in the message."""
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(kind)
        raise UserError(f"expected {key} to be one of {allowed}, got {value!r}") from None


def check_sampling(sampling: float) -> None:
    """Refuse a grid that is coarser than the degree cut-off."""
    if not sampling >= 1:
        raise UserError(f"expected sampling >= 1 (grid over degree cut-off), got {sampling}")


def check_max_order(max_order: int) -> None:
    """Refuse a negative order."""
    if max_order < 0:
        raise UserError(f"expected max_order >= 0 or null, got {max_order}")
