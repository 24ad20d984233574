"""Moving features between two levels of a surface: smooth, transported, moment-corrected.

    f'(p) = sum_q W_pq e^{i n phi_pq} f_n(q)

Down, W is the Gaussian of a given length at the coarse vertices; up, it interpolates. Both have
the moments of what they stand for up to a degree, so that neither depends on where the vertices
of a level happen to lie, as copies of the nearest vertex would.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.sparse

from gaugecnn.geometry.arrays import Array
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.surface import Surface
from gaugecnn.ops.stencil import REACH, Complex, Neighbourhood, correct, gathered, moment

DEGREE = 3
"""Moments that are exact where there are enough neighbours."""


def pooled(fine: Surface, coarse: Surface, order: int, radius: float) -> scipy.sparse.csr_array:
    """The Gaussian ``e^{-(2.3 r / radius)^2}`` at the coarse vertices.

    Args:
        fine: the level that is read.
        coarse: the level that is written.
        order: n, of the feature.
        radius: of the Gaussian's support, a length.

    Returns:
        the complex matrix ``(coarse vertex, fine vertex)``.
    """
    return _matrix(fine, coarse, order, radius, 1.0)


def unpooled(coarse: Surface, fine: Surface, order: int) -> scipy.sparse.csr_array:
    """Interpolation between the coarse vertices: moments are those of the point itself.

    Returns:
        the complex matrix ``(fine vertex, coarse vertex)``.
    """
    return _matrix(coarse, fine, order, REACH * coarse.mean_edge, 0.0)


def _matrix(
    sources: Surface, targets: Surface, order: int, radius: float, gaussian: float
) -> scipy.sparse.csr_array:
    near, weights = _weights(sources, targets, radius, gaussian)
    values = weights * np.exp(1j * order * near.transport)
    target = np.repeat(np.arange(len(targets)), near.valid.sum(axis=1))
    entries = values[near.valid], (target, near.index[near.valid])
    return scipy.sparse.csr_array(entries, shape=(len(targets), len(sources)))


@lru_cache(maxsize=64)
def _weights(
    sources: Surface, targets: Surface, radius: float, gaussian: float
) -> tuple[Neighbourhood, Complex]:
    """Neighbours of every target among the sources, and their weights.

    Args:
        sources: the level that is read.
        targets: the level that is written.
        radius: of the support, a length; it is widened until every target has three sources.
        gaussian: 1 for the moments of the Gaussian, 0 for those of the point.
    """
    support, lonely = radius, True
    while lonely:
        pairs = _with_own(targets.discs(support, sources), targets, sources)
        lonely = bool((np.bincount(pairs.base, minlength=len(targets)) < 3).any())
        support *= 1.3
    near = gathered(pairs, len(targets), radius / REACH)
    x, y = near.distance * np.cos(near.theta), near.distance * np.sin(near.theta)
    g = np.where(near.valid, sources.areas[near.index] * np.exp(-(near.distance**2)), 0.0)
    g /= g.sum(axis=1, keepdims=True)
    return near, _corrected(x, y, g, near.valid.sum(axis=1), gaussian)


def _with_own(pairs: Discs, targets: Surface, sources: Surface) -> Discs:
    """The pairs, and every target that is a source with itself."""
    _, target, source = np.intersect1d(targets.index, sources.index, return_indices=True)
    none = np.zeros(len(target))
    return Discs.joined([pairs, Discs(target, source, none, none, none, none.astype(bool))])


def _corrected(x: Array, y: Array, g: Array, room: Array, gaussian: float) -> Complex:
    """The highest degree, up to `DEGREE`, for which there is room and weights stay below 2 g."""
    weights = g.astype(np.complex128)
    for d in range(1, DEGREE + 1):
        powers = [(a, n - a) for n in range(d + 1) for a in range(n, -1, -1)]
        rows = np.flatnonzero(len(powers) <= room)
        wanted = np.array([moment(a, b, 0, 0) * (gaussian if a + b else 1) for a, b in powers])
        samples = g[rows].astype(np.complex128)
        corrected, met = correct(x[rows], y[rows], g[rows], samples, powers, wanted)
        fits = met & (np.abs(corrected).sum(axis=1) <= 2)
        weights[rows[fits]] = corrected[fits]
    return weights
