"""The options of an S2CNN and of its convolutions, and the checks that they share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from gaugecnn.errors import OptionError
from gaugecnn.plans import Options, Stage, at_least


class Nonlinearity(StrEnum):
    """The value of ``model.nonlinearity``."""

    product = "product"
    relu = "relu"
    gelu = "gelu"
    softplus = "softplus"
    tanh = "tanh"


class Rings(StrEnum):
    """Where the rings of a grid lie; the value is ``model.grid``."""

    equiangular = "equiangular"
    gauss_legendre = "gauss_legendre"


class Support(StrEnum):
    """Where kernels live: about the pole and the identity, or in a band about the equator."""

    near_identity = "near_identity"
    equatorial = "equatorial"


EXTENTS = {Support.near_identity: math.pi, Support.equatorial: math.pi / 2}
"""The largest `max_beta` of a kernel."""


@dataclass(frozen=True, kw_only=True)
class S2CNNOptions(Options):
    """The options ``model.OPTION``, see `S2CNNFamily`."""

    sampling: float | None = None
    max_order: int | None = None
    nonlinearity: Nonlinearity = Nonlinearity.product
    grid: Rings = Rings.gauss_legendre

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sampling(self.sampling)
        check_max_order(self.max_order)


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
        max_order: largest frequency along gamma, at most the family's `max_order`; None takes that.
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
        if self.bandwidth is not None:
            at_least(1, bandwidth=self.bandwidth)
        check_extent(self.support, self.max_beta)
        check_counts(n_alpha=self.n_alpha, n_beta=self.n_beta, n_gamma=self.n_gamma)
        check_sampling(self.sampling)
        check_max_order(self.max_order)


def check_extent(support: Support, max_beta: float) -> None:
    """Refuse a kernel that is empty, or reaches beyond the sphere."""
    limit = EXTENTS[support]
    if not 0 < max_beta <= limit + 1e-12:
        raise OptionError(
            "max_beta", f"expected max_beta in (0, {limit:.4f}] radians, got {max_beta}"
        )


def check_counts(**counts: int | None) -> None:
    """Refuse a kernel without points; None is as many as something else says."""
    for name, count in counts.items():
        if count is not None and count < 1:
            raise OptionError(name, f"expected {name} >= 1 points in a kernel grid, got {count}")


def check_sampling(sampling: float | None) -> None:
    """Refuse a grid that is coarser than the degree cut-off."""
    if sampling is not None and not sampling >= 1:
        raise OptionError(
            "sampling", f"expected sampling >= 1 (grid over degree cut-off), got {sampling}"
        )


def check_max_order(max_order: int | None) -> None:
    """Refuse a negative order."""
    if max_order is not None and max_order < 0:
        raise OptionError("max_order", f"expected max_order >= 0 or null, got {max_order}")
