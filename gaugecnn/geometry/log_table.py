"""The logarithms of a mesh: solved once, looked up ever after.

Along the edges they are those of the one ring; between other vertices those of the affine heat
method, turned so that they agree with the ring, and made symmetric: a pair has one distance,
and is torn at both ends if it is at one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.heat import maps, reach_of, remembered_maps
from gaugecnn.geometry.one_ring import OneRing

ASYMMETRY = 1.15
"""How much farther than asked maps are solved: the two distances of a pair differ by up to 8 %."""


@dataclass(frozen=True, eq=False)
class Entries:
    """Logarithms of pairs of vertices.

    Attributes:
        key: ``p * vertices + q``, ascending ``(pair,)``.
        r: distance ``(pair,)``.
        theta: direction of q at p, from the zero of the ring; NaN where it is torn ``(pair,)``.
    """

    key: Index
    r: Array
    theta: Array


class LogTable:
    """What is known of the logarithms of one mesh; angles are from the zero of the ring.

    The maps of all vertices are solved together when the first is asked for, as far as a table may
    reach (`reach_of`); those of some vertices farther when they are asked for.

    Args:
        title: what to call the mesh in messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        ring: its one ring.
    """

    def __init__(self, title: str, vertices: Array, faces: Index, ring: OneRing) -> None:
        self._mesh = title, vertices, faces
        self._count = len(vertices)
        theta = np.where(ring.theta > math.pi, ring.theta - 2 * math.pi, ring.theta)
        self._ring = Entries(ring.target * self._count + ring.source, ring.length, theta)
        self._entries: Entries | None = None
        self._known_to = np.full(self._count, reach_of(self._count))

    @property
    def reach(self) -> float:
        """How far the maps of all vertices are kept."""
        return reach_of(self._count)

    @property
    def entries(self) -> Entries:
        """All that is known; solved now if nothing is."""
        if self._entries is None:
            self._entries = _symmetric(self._aligned(remembered_maps(*self._mesh)), self._count)
        return self._entries

    def pairs(self, target: Index, source: Index) -> tuple[Array, Array]:
        """``(r, theta)`` of each pair ``(pair,)``, (0, 0) for a vertex with itself."""
        wanted = target * self._count + source
        r, theta, missing = _look_up(self._ring, wanted)
        missing &= target != source
        if missing.any():
            rest = np.flatnonzero(missing)
            r[rest], theta[rest], far = _look_up(self.entries, wanted[rest])
            if far.any():
                rest = rest[far]
                self.extend(np.union1d(target[rest], source[rest]), math.inf)
                r[rest], theta[rest], _ = _look_up(self.entries, wanted[rest])
        same = target == source
        return np.where(same, 0.0, r), np.where(same, 0.0, theta)

    def extend(self, bases: Index, radius: float) -> None:
        """Solve the maps of some vertices farther than they are known, if need be."""
        known = self.entries
        farther = bases[self._known_to[bases] < radius]
        if len(farther) == 0:
            return
        found = self._aligned(maps(*self._mesh, farther, ASYMMETRY * radius))
        keys = np.concatenate([found.key, known.key])  # of equal keys the first is kept
        key, first = np.unique(keys, return_index=True)
        r, theta = np.concatenate([found.r, known.r]), np.concatenate([found.theta, known.theta])
        self._entries = _symmetric(Entries(key, r[first], theta[first]), self._count)
        self._known_to[farther] = radius

    def maps_of(self, targets: Index, radius: float) -> tuple[Array, Array]:
        """``(r, theta)`` of all vertices at some ``(target, vertex)``; r infinite where unknown.

        What lies beyond the reach is solved and not kept.
        """
        bases, back = np.unique(targets, return_inverse=True)
        if radius <= self.reach:
            first, last = (np.searchsorted(self.entries.key, (bases + k) * self._count)
                           for k in (0, 1))  # fmt: skip
            entry = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
            known = self.entries
            known = Entries(known.key[entry], known.r[entry], known.theta[entry])
        else:
            known = self._aligned(maps(*self._mesh, bases, radius))
        p, q = np.divmod(known.key, self._count)
        r = np.full((len(bases), self._count), math.inf)
        theta = np.full(r.shape, math.nan)
        place = np.searchsorted(bases, p)
        r[place, q], theta[place, q] = known.r, known.theta
        own = np.arange(len(bases))
        r[own, bases], theta[own, bases] = 0.0, 0.0
        return r[back], theta[back]

    def _aligned(self, found: np.ndarray) -> Entries:
        """Solved maps by key; angles from the zero of the ring, and along its edges the ring's."""
        p, q = found[:2].astype(np.int64)
        r, theta = found[2:].astype(np.float64)
        vertices = self._mesh[1]
        r = np.maximum(r, np.linalg.norm(vertices[p] - vertices[q], axis=1))
        key = p * self._count + q
        order = np.argsort(key, kind="stable")
        key, p, r, theta = key[order], p[order], r[order], theta[order]
        length, direction, other = _look_up(self._ring, key)
        zero = np.zeros(self._count, dtype=complex)
        np.add.at(zero, p[~other], np.exp(1j * (direction - theta))[~other])
        theta = theta + np.angle(zero)[p]
        return Entries(key, np.where(other, r, length), np.where(other, theta, direction))


def _symmetric(entries: Entries, count: int) -> Entries:
    """The pairs known from both ends: the mean of their distances, torn at both or at none."""
    p, q = np.divmod(entries.key, count)
    r, theta, alone = _look_up(entries, q * count + p)
    r, both = (entries.r + r) / 2, ~alone
    torn = np.where(np.isnan(theta), math.nan, entries.theta)
    return Entries(entries.key[both], r[both], torn[both])


def _look_up(entries: Entries, wanted: Index) -> tuple[Array, Array, np.ndarray]:
    """R and theta of each wanted key, and which keys are not there."""
    place = np.searchsorted(entries.key, wanted).clip(max=len(entries.key) - 1)
    return entries.r[place], entries.theta[place], entries.key[place] != wanted
