"""Tangent geometry of any triangle mesh.

Along the edges it is that of the one ring; between other vertices logarithms are those of the
affine heat method (Sharp, Soliman & Crane 2019; Soliman & Sharp 2025; potpourri3d).
"""

from __future__ import annotations

from copy import copy

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.log_table import LogTable
from gaugecnn.geometry.one_ring import one_ring, tangent_frames
from gaugecnn.geometry.tangent import Tangent, turned_frames


class MeshTangent(Tangent):
    """A triangle mesh, without or with boundary.

    Args:
        title: what to call the mesh in messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
    """

    def __init__(self, title: str, vertices: Array, faces: Index) -> None:
        self.ring = one_ring(vertices, faces)
        self.frames = tangent_frames(vertices, faces, self.ring)
        self.table = LogTable(title, vertices, faces, self.ring)
        self._turned = np.zeros(len(vertices))

    def logarithms(self, target: Index, source: Index) -> tuple[Array, Array]:
        r, theta = self.table.pairs(target, source)
        return r, np.where(target == source, 0.0, theta - self._turned[target])

    def within(self, targets: Index, sources: Index, radius: float) -> tuple[Index, Index]:
        row, column = (np.full(len(self.frames), -1) for _ in range(2))
        row[targets], column[sources] = np.arange(len(targets)), np.arange(len(sources))
        self.table.extend(np.union1d(targets, sources), radius)
        known = self.table.entries
        p, q = np.divmod(known.key, len(self.frames))
        near = (known.r <= radius) & np.isfinite(known.theta) & (row[p] >= 0) & (column[q] >= 0)
        itself = np.intersect1d(targets, sources)
        rows = row[np.concatenate([p[near], itself])]
        columns = column[np.concatenate([q[near], itself])]
        order = np.lexsort((columns, rows))
        return rows[order], columns[order]

    def logarithms_from(self, targets: Index, radius: float) -> tuple[Array, Array]:
        r, theta = self.table.maps_of(targets, radius)
        theta = theta - self._turned[targets, None]
        theta[np.arange(len(targets)), targets] = 0.0
        return r, theta

    def injectivity_radii(self) -> Array:
        """The distance to the nearest torn logarithm or to the boundary ``(vertex,)``."""
        known, count = self.table.entries, len(self.frames)
        p, torn = known.key // count, np.isnan(known.theta)
        radii = np.full(count, min(self.table.reach, np.pi / 2))
        np.minimum.at(radii, p[torn], known.r[torn])
        edge = self.ring.on_boundary
        towards = edge[known.key % count]
        np.minimum.at(radii, p[towards], known.r[towards])
        radii[edge] = 0.0
        return radii

    @property
    def boundary(self) -> Index:
        return np.flatnonzero(self.ring.on_boundary)

    def turned(self, angles: Array) -> MeshTangent:
        other = copy(self)  # with the same table
        other.frames = turned_frames(self.frames, angles)
        other._turned = self._turned + angles
        return other
