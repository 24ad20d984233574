"""Moment-corrected stencils: discrete kernels that converge to the continuous ones.

The kernel of frequency s is ``R_k(r) e^{i s theta}``. Its plain samples on a mesh do not annihilate
constants and do not converge. Here the samples are corrected per vertex, by least squares, until
the stencil has the moments of the continuous kernel up to a degree; the weight of the vertex
itself then closes the zeroth moment. Turning the frame at p by ``a`` multiplies ``W^s_p`` by
``exp(-i s a)``, exactly.

Support and width of a kernel are lengths, so that finer meshes of a surface give ever better
approximations of one operator. Lengths are those of a surface of area ``4 pi``. Where a mesh is too
coarse for a kernel, see `frequencies_told`, the one ring of a vertex stands in, with its own width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.surface import Surface
from gaugecnn.ops.moments import Complex, corrected, equally_many, moment, powers
from gaugecnn.ops.telling import frequencies_told

ONE_RING = 0.0
"""The radius that stands for the one ring, whatever its size."""

REACH = 2.3
"""Radius of a kernel over the width of its Gaussian: beyond it ``e^{-r^2}`` is below 0.5 %."""

AMPLIFICATION = 2.0
"""How much larger than its samples a corrected stencil of a disc may be; else its accuracy falls.

Discs that are cut by a boundary exceed it: their one-sided stencils extrapolate, and amplify what
the whole ones smooth away. A network that never saw them multiplies that from layer to layer."""

RING_AMPLIFICATION = 8.0
"""The same for the one ring, whose few neighbours need more where triangles are stretched."""


class Weights(NamedTuple):
    """The weights of some kernels at every vertex, ``W^{s,k}_pq``.

    Attributes:
        neighbours: of the neighbours q ``(pair, frequency, profile)``.
        centre: of p itself ``(vertex, frequency, profile)``.
        accuracy: the degree up to which the moments are exact ``(vertex, frequency, profile)``; 0
            where all weights are 0.
    """

    neighbours: Complex
    centre: Complex
    accuracy: Index


@dataclass(frozen=True, eq=False)
class Stencils:
    """The stencils of a kernel on a mesh.

    Attributes:
        pairs: the neighbours: p is the base, q the vertex ``(pair,)``.
        weights: theirs, and those of the vertices themselves.
        ring: where the one ring stands in ``(vertex, frequency)``.
        enough: a radius with which all vertices would tell all frequencies, a length.
    """

    pairs: Discs
    weights: Weights
    ring: Mask
    enough: float


@dataclass(frozen=True)
class Kernels:
    """The kernels ``r^{2k + s} e^{-r^2} e^{i s theta}``, r in kernel widths.

    With ``x + i y = r e^{i theta}``, g the normalised Gaussian weights times areas, B the monomials
    ``x^a y^b`` (1 <= a + b <= accuracy) and t their moments under the continuous kernel, weights
    are the samples ``g r^{2k} (x + i y)^s``, corrected to ``B w = t`` (see `corrected`); then
    ``w_p = t_00 - sum w``.

    Args:
        frequencies: s = 0 .. frequencies - 1; negative frequencies are complex conjugates.
        profiles: k = 0 .. profiles - 1.
        accuracy: moments up to this degree are made exact; lowered, but not below max(s, 1), where
            a vertex has too few neighbours or where they lie so badly that weights would be many
            times the samples, or rounding. Fewer than 2 s + 1 neighbours cannot tell frequency s
            from its opposite: the weights are 0 there, and where no accuracy can be had.
    """

    frequencies: int
    profiles: int
    accuracy: int

    @property
    def all(self) -> list[tuple[int, int]]:
        """(s, k) of each."""
        return [(s, k) for s in range(self.frequencies) for k in range(self.profiles)]

    def on(self, pairs: Discs, units: Array, areas: Array, amplification: float) -> Weights:
        """The weights at every vertex.

        Args:
            pairs: the neighbours of the vertices, sorted by vertex.
            units: kernel width at each vertex, a length ``(vertex,)``.
            areas: of the vertices ``(vertex,)``.
            amplification: how many times the samples the weights may be above the least accuracy.
        """
        count = len(self.all)
        weights = np.zeros((len(pairs), count), dtype=np.complex128)
        centre = np.zeros((len(areas), count), dtype=np.complex128)
        accuracy = np.zeros((len(areas), count), dtype=np.int64)
        zeroth = np.array([moment(0, 0, s, k) for s, k in self.all])
        number = np.bincount(pairs.base, minlength=len(areas))
        for vertices, where in equally_many(number, "stencils"):
            r = pairs.distance[where] / units[vertices, None]
            g = areas[pairs.vertex[where]] * np.exp(-(r**2))
            g /= (areas[vertices] + g.sum(axis=1))[:, None]
            found, reached = self._solved(r, pairs.angle[where], g, amplification)
            weights[where], accuracy[vertices] = found, reached
            centre[vertices] = np.where(reached > 0, zeroth - found.sum(axis=1), 0)
        shape = (-1, self.frequencies, self.profiles)
        return Weights(weights.reshape(shape), centre.reshape(shape), accuracy.reshape(shape))

    def _solved(
        self, r: Array, theta: Array, g: Array, amplification: float
    ) -> tuple[Complex, Index]:
        """Weights ``(vertex, neighbour, kernel)`` of the highest accuracy that is fit, and it."""
        x, y, room = r * np.cos(theta), r * np.sin(theta), r.shape[1]
        z = x + 1j * y
        samples = np.stack([g * r ** (2 * k) * z**s for s, k in self.all], axis=-1)
        limit = amplification * np.abs(samples).sum(axis=1)  # (vertex, kernel)
        least = np.array([max(s, 1) for s, _ in self.all])
        can = np.array([room >= 2 * s + 1 for s, _ in self.all])
        weights = np.zeros_like(samples)
        chosen = np.zeros(limit.shape, dtype=np.int64)
        for d in range(max(*least, self.accuracy), 0, -1):
            monomials = powers(1, d)
            asked = can & (
                (d == least) | ((d > least) & (d <= self.accuracy) & (len(monomials) <= room))
            )
            rows = np.flatnonzero(((chosen == 0) & asked).any(axis=1))
            if not len(rows):
                continue
            wanted = np.array([[moment(a, b, s, k) for s, k in self.all] for a, b in monomials])
            new = corrected(x[rows], y[rows], g[rows], samples[rows], 1, d, wanted)
            small = np.abs(new.weights).sum(axis=1) <= limit[rows]
            fit = (chosen[rows] == 0) & asked & new.met
            fit &= (d == least) | (small & new.sound[:, None])
            weights[rows] = np.where(fit[:, None], new.weights, weights[rows])
            chosen[rows] = np.where(fit, d, chosen[rows])
        return weights, chosen


def width(surface: Surface, radius: float) -> float:
    """The length in which a kernel measures distance; the mean edge for the one ring."""
    return surface.mean_edge if radius == ONE_RING else radius / REACH


def neighbourhood(surface: Surface, radius: float) -> Discs:
    """The one ring, and with it the vertices within a geodesic `radius`, the vertex itself not."""
    return surface.one_ring if radius == ONE_RING else surface.neighbours(radius)


def stencils(surface: Surface, radius: float, kernels: Kernels) -> Stencils:
    """The weights of some kernels on a mesh.

    At a vertex whose neighbours cannot tell a frequency, because the kernel is narrower than the
    mesh or because of how they lie, the one ring stands in, measured in the vertex's own mean edge.
    Where that tells it no better, the weights are 0.

    Args:
        surface: the mesh.
        radius: of the support, a length; 0 for the one ring.
        kernels: which.
    """
    pairs = neighbourhood(surface, radius)
    units = np.full(len(surface), width(surface, radius))
    amplification = RING_AMPLIFICATION if radius == ONE_RING else AMPLIFICATION
    weights = kernels.on(pairs, units, surface.areas, amplification)
    short = _short(pairs, units, surface, kernels)
    if not short.any():
        return Stencils(pairs, weights, short, radius)
    return _with_rings(surface, kernels, pairs, weights, short)


def _short(pairs: Discs, units: Array, surface: Surface, kernels: Kernels) -> Mask:
    """Which frequencies a vertex cannot tell ``(vertex, frequency)``; even 0 needs 1."""
    frequencies = np.arange(kernels.frequencies)
    room = np.bincount(pairs.base, minlength=len(surface))[:, None]
    told = frequencies_told(pairs, units, surface.areas, max(kernels.frequencies - 1, 1))[:, None]
    short: Mask = (told < np.maximum(frequencies, 1)) | (room < 2 * frequencies + 1)
    return short


def _with_rings(
    surface: Surface, kernels: Kernels, pairs: Discs, weights: Weights, short: Mask
) -> Stencils:
    """The one ring in the place of the kernel where that comes short and the ring does not."""
    own = mean_edges(surface)
    near = surface.one_ring.where(np.any(short, axis=1)[surface.one_ring.base])
    ring: Mask = short & ~_short(near, own, surface, kernels)
    instead = kernels.on(near, own, surface.areas, RING_AMPLIFICATION)
    neighbours, centre, accuracy = weights
    neighbours[short[pairs.base]], centre[short], accuracy[short] = 0, 0, 0
    key, among = (p.base * len(surface) + p.vertex for p in (near, pairs))
    here, frequency = np.nonzero(ring[near.base])
    neighbours[np.searchsorted(among, key)[here], frequency] = instead.neighbours[here, frequency]
    centre[ring], accuracy[ring] = instead.centre[ring], instead.accuracy[ring]
    enough = _enough(surface, kernels, near, own, short, ring)
    return Stencils(pairs, Weights(neighbours, centre, accuracy), ring, enough)


def _enough(
    surface: Surface, kernels: Kernels, near: Discs, own: Array, short: Mask, ring: Mask
) -> float:
    """A radius with which the vertices that came short would not: others add to their ring."""
    longest = float(own[np.any(short, axis=1)].max())
    for share in () if (short & ~ring).any() else (0.3, 0.4, 0.5, 0.7):
        units = np.full(len(surface), share * longest)
        if not (ring & _short(near, units, surface, kernels)).any():
            return REACH * share * longest
    return REACH * longest


def mean_edges(surface: Surface) -> Array:
    """The mean length of the edges at each vertex ``(vertex,)``; 1 where there are none."""
    ring = surface.one_ring
    number = np.bincount(ring.base, minlength=len(surface))
    total = np.bincount(ring.base, ring.distance, minlength=len(surface))
    return np.where(number > 0, total / np.maximum(number, 1), 1.0)
