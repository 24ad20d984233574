"""Tangent geometry of the unit sphere in closed form: geodesics are great circles."""

from __future__ import annotations

import math

import numpy as np
import scipy

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.discs import Discs, wrapped
from gaugecnn.geometry.tangent import Tangent, turned_frames


class SphereTangent(Tangent):
    """Points of the unit sphere.

    Args:
        frames: ``(vertex, frame vector, xyz)``; the third vector is the vertex itself.
    """

    injectivity = math.pi

    def __init__(self, frames: Array) -> None:
        self.frames = frames

    @classmethod
    def aligned(cls, points: Array) -> SphereTangent:
        """Frames with e1 along the projection of +x (of +y within 0.5 of the x axis)."""
        axis = np.where(np.abs(points[:, :1]) < 0.87, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
        e1 = axis - (axis * points).sum(1, keepdims=True) * points
        e1 /= np.linalg.norm(e1, axis=1, keepdims=True)
        return cls(np.stack([e1, np.cross(points, e1), points], axis=1))

    @property
    def pieces(self) -> Index:
        return np.zeros(len(self.frames), dtype=np.int64)

    def discs(self, radius: float, bases: Index | None = None) -> Discs:
        points = self.frames[:, 2]
        bases = np.arange(len(points)) if bases is None else bases
        chord = 2 * math.sin(min(radius, math.pi) / 2) * (1 + 1e-9)
        near = scipy.spatial.KDTree(points[bases]).sparse_distance_matrix(
            scipy.spatial.KDTree(points), chord, output_type="coo_matrix"
        )
        p, q = bases[near.row], near.col.astype(np.int64)
        order = np.lexsort((q, p))
        p, q = p[order], q[order]
        return self.between(p[p != q], q[p != q])

    def between(self, target: Index, source: Index) -> Discs:
        there, back = self._logarithm(target, source), self._logarithm(source, target)
        # Opposite points are joined by every great circle.
        one = there[0] < math.pi - 1e-9
        transport = wrapped(there[1] - back[1] - math.pi)
        found = Discs(target, source, *there, transport, np.zeros(len(target), dtype=bool))
        return found.where(one)

    def _logarithm(self, target: Index, source: Index) -> tuple[Array, Array]:
        frames, q = self.frames[target], self.frames[source, 2]
        along = np.einsum("efx,ex->ef", frames, q)  # (pair, frame vector): q in p's frame
        tangential = np.hypot(along[:, 0], along[:, 1])
        return np.arctan2(tangential, along[:, 2]), np.arctan2(along[:, 1], along[:, 0])

    def turned(self, angles: Array) -> SphereTangent:
        return SphereTangent(turned_frames(self.frames, angles))
