"""Moving features between two levels of a surface: smooth, transported, moment-corrected.

    f'(p) = sum_q W_pq e^{i n phi_pq} f_n(q)

Down, W is the Gaussian of a given length at the coarse vertices; up, it interpolates. Both have
the moments of what they stand for up to a degree, so that neither depends on where the vertices
of a level happen to lie, as copies of the nearest vertex would. A target with fewer than three
sources in reach looks farther, it alone; where its piece of the surface has fewer, it takes what
there is, and nothing where there is none, or where two equally short ways lead to every one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.discs import Discs, wrapped
from gaugecnn.geometry.surface import Surface
from gaugecnn.ops.moments import corrected, equally_many, moment, powers
from gaugecnn.ops.stencil import REACH

DEGREE = 3
"""Moments that are exact where there are enough neighbours."""

AMPLIFICATION = 2.0
"""How large the weights may be together, where a mean has 1, or the degree is lowered."""

ENOUGH = 3
"""Sources that every target wants, and for which it looks beyond the support."""

WIDER, WIDENINGS = 1.3, 40
"""By how much a support is widened at a time, and how often: to 36,000 times its size."""

CHUNK = 4_000_000
"""Pairs of vertices among which wider supports are looked for at once, at most."""


def pooling_matrix(
    fine: Surface, coarse: Surface, order: int, radius: float
) -> scipy.sparse.csr_array:
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


def unpooling_matrix(coarse: Surface, fine: Surface, order: int) -> scipy.sparse.csr_array:
    """Interpolation between the coarse vertices: moments are those of the point itself.

    Returns:
        the complex matrix ``(fine vertex, coarse vertex)``.
    """
    return _matrix(coarse, fine, order, REACH * coarse.mean_edge, 0.0)


def _matrix(
    sources: Surface, targets: Surface, order: int, radius: float, gaussian: float
) -> scipy.sparse.csr_array:
    pairs, weights = _weights(sources, targets, radius, gaussian)
    values = weights * np.exp(1j * order * pairs.transport)
    shape = (len(targets), len(sources))
    return scipy.sparse.csr_array((values, (pairs.base, pairs.vertex)), shape=shape)


@lru_cache(maxsize=16)
def _weights(
    sources: Surface, targets: Surface, radius: float, gaussian: float
) -> tuple[Discs, Array]:
    """The sources of every target, and their weights ``(pair,)``.

    Args:
        sources: the level that is read.
        targets: the level that is written.
        radius: of the support, a length.
        gaussian: 1 for the moments of the Gaussian, 0 for those of the point.
    """
    pairs, support = _supports(sources, targets, radius)
    weights = np.zeros(len(pairs))
    number = np.bincount(pairs.base, minlength=len(targets))
    for vertices, where in equally_many(number, "pooling"):
        r, theta = pairs.distance[where] * REACH / support[vertices, None], pairs.angle[where]
        g = sources.areas[pairs.vertex[where]] * np.exp(-(r**2))
        g /= g.sum(axis=1, keepdims=True)
        weights[where] = _corrected(r * np.cos(theta), r * np.sin(theta), g, gaussian)
    return pairs, weights


def _corrected(x: Array, y: Array, g: Array, gaussian: float) -> Array:
    """The highest degree, up to `DEGREE`, for which there is room and weights stay small."""
    weights, settled = g.copy(), np.zeros(len(g), dtype=bool)
    for d in range(DEGREE, 0, -1):
        monomials, rows = powers(0, d), np.flatnonzero(~settled)
        if len(monomials) > g.shape[1] or not len(rows):
            continue
        wanted = [moment(a, b, 0, 0) * (gaussian if a + b else 1) for a, b in monomials]
        samples = g[rows, :, None].astype(np.complex128)
        target = np.array(wanted)[:, None]
        found = corrected(x[rows], y[rows], g[rows], samples, 0, d, target)
        new = found.weights[..., 0].real
        fit = found.met[:, 0] & found.sound & (np.abs(new).sum(axis=1) <= AMPLIFICATION)
        weights[rows[fit]], settled[rows[fit]] = new[fit], True
    return weights


def _supports(sources: Surface, targets: Surface, radius: float) -> tuple[Discs, Array]:
    """The sources of every target, and how far they may lie from it ``(target,)``."""
    support = np.full(len(targets), radius)
    found = _with_own(_around_the_fewer(sources, targets, radius), targets, sources)
    piece = sources.tangent.pieces
    at_hand = np.bincount(piece[sources.index], minlength=int(piece.max()) + 1)
    wanted = np.minimum(at_hand[piece[targets.index]], ENOUGH)
    parts, lonely = [], np.arange(len(targets))
    for _ in range(WIDENINGS):
        number = np.bincount(found.base, minlength=len(targets))
        has = number >= wanted
        parts.append(found.where(has[found.base]))
        lonely = lonely[~has[lonely]]
        if not len(lonely):
            break
        support[lonely] *= WIDER
        found = _farther(sources, targets, lonely, float(support[lonely[0]]))
    return Discs.joined([*parts, found.where(np.isin(found.base, lonely))]), support


def _around_the_fewer(sources: Surface, targets: Surface, radius: float) -> Discs:
    """The sources within a radius of all targets; a geodesic is the same from both of its ends."""
    if len(targets) <= len(sources):
        return targets.discs(radius, sources)
    there = sources.discs(radius, targets)
    back = wrapped(there.angle - there.transport - np.pi)
    ends = there.vertex, there.base
    return Discs.joined([Discs(*ends, there.distance, back, -there.transport, there.bent)])


def _farther(sources: Surface, targets: Surface, chosen: Index, radius: float) -> Discs:
    """The sources within a radius of some targets alone, these targets themselves among them."""
    step = max(1, CHUNK // len(targets.tangent.frames))
    parts = []
    for start in range(0, len(chosen), step):
        some = chosen[start : start + step]
        part = Surface(
            targets.title,
            targets.vertices[some],
            targets.faces[:0],
            targets.areas[some],
            targets.tangent,
            targets.index[some],
        )
        pairs = _with_own(part.discs(radius, sources), part, sources)
        parts.append(pairs.renamed(some[pairs.base], pairs.vertex))
    return Discs.joined(parts)


def _with_own(pairs: Discs, targets: Surface, sources: Surface) -> Discs:
    """The pairs, and every target that is a source with itself."""
    _, target, source = np.intersect1d(targets.index, sources.index, return_indices=True)
    none = np.zeros(len(target))
    return Discs.joined([pairs, Discs(target, source, none, none, none, none.astype(bool))])
