"""Where kernels live: few points, on rings of constant colatitude."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gaugecnn.methods.s2cnn.stage import S2CNNStage, Support, check_counts, check_extent

Grid = NDArray[np.float64]
"""Points ``(point, 2)`` with columns (beta, alpha), or ``(point, 3)`` with (beta, alpha, gamma)."""


def s2_near_identity_grid(max_beta: float, n_alpha: int, n_beta: int) -> Grid:
    """Rings about the north pole, ``beta = max_beta (1 .. n_beta) / n_beta``.

    Args:
        max_beta: colatitude of the outer ring in radians, in (0, pi].
        n_alpha: points on a ring, ``alpha = 2 pi (0 .. n_alpha - 1) / n_alpha``.
        n_beta: number of rings.

    Returns:
        ``(point, 2)``, columns (beta, alpha), beta slowest.

    Raises:
        ValueError: an angle or a count is out of range.

    Source: Cohen et al. 2018, published code.
    """
    _check(Support.near_identity, max_beta, n_alpha=n_alpha, n_beta=n_beta)
    return _product(_rings(max_beta, n_beta), _turn(n_alpha))


def so3_near_identity_grid(
    max_beta: float, n_alpha: int, n_beta: int, n_gamma: int | None = None
) -> Grid:
    """Rotations near the identity when alpha + gamma is small, ``gamma = delta - alpha``.

    `delta` runs from -2 pi to 2 pi, both ends included, in n_gamma steps.

    Args:
        max_beta: largest beta in radians, in (0, pi].
        n_alpha: values of alpha.
        n_beta: values of beta, ``max_beta (1 .. n_beta) / n_beta``.
        n_gamma: values of gamma, by default n_alpha.

    Returns:
        ``(point, 3)``, columns (beta, alpha, gamma), beta slowest, gamma fastest.

    Raises:
        ValueError: an angle or a count is out of range.

    Source: Cohen et al. 2018, published code.
    """
    n_gamma = n_alpha if n_gamma is None else n_gamma
    _check(Support.near_identity, max_beta, n_alpha=n_alpha, n_beta=n_beta, n_gamma=n_gamma)
    delta = np.linspace(-2 * math.pi, 2 * math.pi, n_gamma)
    grid = _product(_rings(max_beta, n_beta), _turn(n_alpha), delta)
    grid[:, 2] -= grid[:, 1]
    return grid


def s2_equatorial_grid(max_beta: float, n_alpha: int, n_beta: int) -> Grid:
    """Rings about the equator, beta from ``pi/2 - max_beta`` to ``pi/2 + max_beta``.

    Args:
        max_beta: half width of the band in radians, in (0, pi/2].
        n_alpha: points on a ring.
        n_beta: number of rings; a single one lies on the equator.

    Returns:
        ``(point, 2)``, columns (beta, alpha), beta slowest.

    Raises:
        ValueError: an angle or a count is out of range.

    Source: the ring kernels of Cohen et al. 2018, published code.
    """
    _check(Support.equatorial, max_beta, n_alpha=n_alpha, n_beta=n_beta)
    return _product(_band(max_beta, n_beta), _turn(n_alpha))


def so3_equatorial_grid(
    max_beta: float, n_alpha: int, n_beta: int, n_gamma: int | None = None
) -> Grid:
    """Rotations that tip the pole into a band about the equator, with all gamma.

    Args:
        max_beta: half width of the band in radians, in (0, pi/2].
        n_alpha: values of alpha.
        n_beta: values of beta; a single one lies on the equator.
        n_gamma: values of gamma, evenly about the circle, by default n_alpha.

    Returns:
        ``(point, 3)``, columns (beta, alpha, gamma), beta slowest, gamma fastest.

    Raises:
        ValueError: an angle or a count is out of range.

    Source: the ring kernels of Cohen et al. 2018, published code; the spread of gamma is ours.
    """
    n_gamma = n_alpha if n_gamma is None else n_gamma
    _check(Support.equatorial, max_beta, n_alpha=n_alpha, n_beta=n_beta, n_gamma=n_gamma)
    return _product(_band(max_beta, n_beta), _turn(n_alpha), _turn(n_gamma))


def _check(support: Support, max_beta: float, **counts: int) -> None:
    check_extent(support, max_beta)
    check_counts(**counts)


def _rings(max_beta: float, n_beta: int) -> Grid:
    return max_beta * np.arange(1, n_beta + 1) / n_beta


def _band(max_beta: float, n_beta: int) -> Grid:
    offsets = np.linspace(-1.0, 1.0, n_beta) if n_beta > 1 else np.zeros(1)
    return math.pi / 2 + max_beta * offsets


def _turn(count: int) -> Grid:
    return 2 * math.pi * np.arange(count) / count


def _product(*axes: Grid) -> Grid:
    """All combinations of the axes, the first one slowest, ``(point, axis)``."""
    return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)


_S2_GRIDS = {
    Support.near_identity: s2_near_identity_grid,
    Support.equatorial: s2_equatorial_grid,
}
_SO3_GRIDS = {
    Support.near_identity: so3_near_identity_grid,
    Support.equatorial: so3_equatorial_grid,
}


def s2_kernel(stage: S2CNNStage) -> Grid:
    """The points of a stage's kernel on the sphere, ``(point, 2)``."""
    return _S2_GRIDS[stage.support](stage.max_beta, stage.n_alpha, stage.n_beta)


def so3_kernel(stage: S2CNNStage) -> Grid:
    """The points of a stage's kernel on SO(3), ``(point, 3)``."""
    grid = _SO3_GRIDS[stage.support]
    return grid(stage.max_beta, stage.n_alpha, stage.n_beta, stage.n_gamma)
