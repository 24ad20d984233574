"""Tangent geometry of any triangle mesh.

Along the edges it is that of the one ring; between other vertices logarithms are those of the
affine heat method (Sharp, Soliman & Crane 2019; Soliman & Sharp 2025; potpourri3d), turned so that
they agree with the ring.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass

import numpy as np

from gaugecnn.surfaces.heat import maps, reach_of, remembered_maps
from gaugecnn.surfaces.one_ring import one_ring, tangent_frames
from gaugecnn.surfaces.tangent import Array, Index, Tangent, turned_frames


@dataclass(frozen=True, eq=False)
class Table:
    """Logarithms of pairs of vertices.

    Attributes:
        key: ``p * vertices + q``, ascending ``(pair,)``.
        r: distance ``(pair,)``.
        theta: direction of q at p, from the zero of the ring; NaN where it is torn ``(pair,)``.
    """

    key: Index
    r: Array
    theta: Array


class MeshTangent(Tangent):
    """A triangle mesh, without or with boundary.

    The maps of all vertices are solved together when the first is asked for, as far as a table may
    reach (`reach_of`), and beyond it whenever they are asked for.

    Args:
        title: what to call the mesh in messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
    """

    def __init__(self, title: str, vertices: Array, faces: Index) -> None:
        self._title, self._vertices, self._faces = title, vertices, faces
        self.ring = one_ring(vertices, faces)
        self.frames = tangent_frames(vertices, faces, self.ring)
        self._turned = np.zeros(len(vertices))
        self._edges = self._key(self.ring.target, self.ring.source)
        self._known: Table | None = None

    def logarithms(self, target: Index, source: Index) -> tuple[Array, Array]:
        wanted = self._key(target, source)
        table = self._table()
        r, theta, missing = _look_up(table.key, (table.r, table.theta), wanted)
        if (missing & (target != source)).any():
            bases, place = np.unique(target[missing], return_inverse=True)
            far = self._solved(bases, math.inf)
            r[missing], theta[missing] = (values[place, source[missing]] for values in far)
        same = target == source
        return np.where(same, 0.0, r), np.where(same, 0.0, theta - self._turned[target])

    def within(self, targets: Index, sources: Index, radius: float) -> tuple[Index, Index]:
        row, column = (np.full(len(self.frames), -1) for _ in range(2))
        row[targets], column[sources] = np.arange(len(targets)), np.arange(len(sources))
        if radius <= self.reach:
            table = self._table()
            there = (table.r <= radius) & np.isfinite(table.theta)
            p, q = np.divmod(table.key[there], len(self.frames))
        else:
            r, theta = self._solved(targets, radius)
            place, q = np.nonzero((r <= radius) & np.isfinite(theta))
            p = targets[place]
        wanted = (row[p] >= 0) & (column[q] >= 0)
        p, q = p[wanted], q[wanted]
        both_ways = np.isfinite(self.logarithms(q, p)[1])
        p, q = p[both_ways], q[both_ways]
        itself = np.intersect1d(targets, sources)
        rows, columns = row[np.concatenate([p, itself])], column[np.concatenate([q, itself])]
        order = np.lexsort((columns, rows))
        return rows[order], columns[order]

    def logarithms_from(self, targets: Index, radius: float) -> tuple[Array, Array]:
        r, theta = (
            self._known_at(targets) if radius <= self.reach else self._solved(targets, radius)
        )
        return r, theta - self._turned[targets, None]

    @property
    def boundary(self) -> Index:
        """The vertices whose faces do not close around them."""
        return np.flatnonzero(self.ring.on_boundary)

    @property
    def reach(self) -> float:
        """How far the maps of all vertices are kept."""
        return reach_of(len(self.frames))

    def injectivity_radius(self) -> float:
        """The least distance in the table at which a logarithm is torn; its reach if none is."""
        table = self._table()
        return float(table.r[np.isnan(table.theta)].min(initial=self.reach))

    def turned(self, angles: Array) -> MeshTangent:
        self._table()  # solved once, for both
        other = copy(self)
        other.frames = turned_frames(self.frames, angles)
        other._turned = self._turned + angles
        return other

    def _key(self, target: Index, source: Index) -> Index:
        return target * len(self._vertices) + source

    def _table(self) -> Table:
        """Keys of pairs, ascending, with r and theta; the angle's zero is that of the ring."""
        if self._known is None:
            self._known = self._aligned(remembered_maps(self._title, self._vertices, self._faces))
        return self._known

    def _known_at(self, targets: Index) -> tuple[Array, Array]:
        """What the table knows at some vertices ``(target, vertex)``; r is infinite elsewhere."""
        table, count = self._table(), len(self.frames)
        first, last = (np.searchsorted(table.key, (targets + k) * count) for k in (0, 1))
        place = np.repeat(np.arange(len(targets)), last - first)
        start = np.concatenate([[0], np.cumsum(last - first)[:-1]])
        entry = np.arange(len(place)) + np.repeat(first - start, last - first)
        return self._dense(
            targets, place, Table(table.key[entry], table.r[entry], table.theta[entry])
        )

    def _solved(self, targets: Index, radius: float) -> tuple[Array, Array]:
        """The maps of some vertices, solved now ``(target, vertex)``; r is infinite elsewhere."""
        bases = np.unique(targets)
        found = self._aligned(maps(self._title, self._vertices, self._faces, bases, radius))
        place = np.searchsorted(bases, found.key // len(self.frames))
        r, theta = self._dense(bases, place, found)
        back = np.searchsorted(bases, targets)
        return r[back], theta[back]

    def _dense(self, targets: Index, place: Index, entries: Table) -> tuple[Array, Array]:
        """Entries at the places of their targets ``(target, vertex)``; each at itself has r = 0."""
        r = np.full((len(targets), len(self.frames)), math.inf)
        theta = np.full(r.shape, math.nan)
        source = entries.key % len(self.frames)
        r[place, source], theta[place, source] = entries.r, entries.theta
        own = np.arange(len(targets))
        r[own, targets], theta[own, targets] = 0.0, self._turned[targets]
        return r, theta

    def _aligned(self, found: np.ndarray) -> Table:
        """Solved maps by key; angles from the zero of the ring, and along its edges the ring's."""
        p, q = found[:2].astype(np.int64)
        r, theta = found[2:].astype(np.float64)
        key = self._key(p, q)
        order = np.argsort(key, kind="stable")
        key, p, r, theta = key[order], p[order], r[order], theta[order]
        edges = self._edges, (self.ring.length, self.ring.theta)
        length, direction, other = _look_up(*edges, key)
        zero = np.zeros(len(self.frames), dtype=complex)
        np.add.at(zero, p[~other], np.exp(1j * (direction - theta))[~other])
        theta = theta + np.angle(zero)[p]
        return Table(key, np.where(other, r, length), np.where(other, theta, direction))


def _look_up(
    keys: Index, values: tuple[Array, Array], wanted: Index
) -> tuple[Array, Array, np.ndarray]:
    """The two values of each wanted key, and which keys are not there."""
    place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return values[0][place], values[1][place], keys[place] != wanted
