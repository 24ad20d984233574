"""Tangent geometry of a surface: frames, logarithmic map and parallel transport.

The logarithm of q at p has polar coordinates ``(r, theta)`` in p's frame ``(e1, e2, n)``. The
transport angle along the connecting geodesic follows from the logarithms at both of its ends,
``phi_pq = theta_pq - theta_qp - pi``, and takes components at q to components at p.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
from scipy.spatial import KDTree

from gaugecnn.geometry.arrays import Array, Index


class Tangent(ABC):
    """Frames, logarithms and transports at the vertices of a surface, in float64.

    Attributes:
        frames: ``(vertex, frame vector, xyz)``, the right-handed (e1, e2, n), n outward.
    """

    frames: Array

    @abstractmethod
    def logarithms(self, target: Index, source: Index) -> tuple[Array, Array]:
        """``(r, theta)`` of each source q in the frame of its target p, ``(pair,)`` each."""

    @abstractmethod
    def within(self, targets: Index, sources: Index, radius: float) -> tuple[Index, Index]:
        """The pairs at most `radius` apart, as places in `targets` and in `sources`.

        Sorted by target, then source; a vertex in both is a pair with itself. Pairs without one
        shortest geodesic are left out.
        """

    @abstractmethod
    def logarithms_from(self, targets: Index, radius: float) -> tuple[Array, Array]:
        """``(r, theta)`` of every vertex in the frames of some, ``(target, vertex)`` each.

        r may be infinite beyond `radius`; theta is NaN where there is no one shortest geodesic.
        """

    @abstractmethod
    def injectivity_radii(self) -> Array:
        """How far from each vertex shortest geodesics are known to be the only ones ``(vertex,)``.

        Not beyond a quarter turn of the unit sphere, and not across a boundary.
        """

    @property
    @abstractmethod
    def boundary(self) -> Index:
        """The vertices whose faces do not close around them ``(vertex,)``, ascending."""

    @abstractmethod
    def turned(self, angles: Array) -> Tangent:
        """The same geometry with every frame turned by its own angle ``(vertex,)``."""

    def transport(self, target: Index, source: Index) -> Array:
        """``phi_pq = theta_pq - theta_qp - pi`` of each pair ``(pair,)``, 0 for p = q; radians."""
        _, there = self.logarithms(target, source)
        _, back = self.logarithms(source, target)
        return np.where(target == source, 0.0, np.remainder(there - back, 2 * math.pi) - math.pi)


class SphereTangent(Tangent):
    """The unit sphere in closed form: geodesics are great circles.

    Args:
        frames: ``(vertex, frame vector, xyz)``; the third vector is the vertex itself.
    """

    def __init__(self, frames: Array) -> None:
        self.frames = frames

    @classmethod
    def aligned(cls, points: Array) -> SphereTangent:
        """Frames with e1 along the projection of +x (of +y within 0.5 of the x axis)."""
        axis = np.where(np.abs(points[:, :1]) < 0.87, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
        e1 = axis - (axis * points).sum(1, keepdims=True) * points
        e1 /= np.linalg.norm(e1, axis=1, keepdims=True)
        return cls(np.stack([e1, np.cross(points, e1), points], axis=1))

    def logarithms(self, target: Index, source: Index) -> tuple[Array, Array]:
        frames, q = self.frames[target], self.frames[source, 2]
        along = np.einsum("efx,ex->ef", frames, q)  # (pair, frame vector): q in p's frame
        tangential = np.hypot(along[:, 0], along[:, 1])
        return np.arctan2(tangential, along[:, 2]), np.arctan2(along[:, 1], along[:, 0])

    def within(self, targets: Index, sources: Index, radius: float) -> tuple[Index, Index]:
        trees = [KDTree(self.frames[vertices, 2]) for vertices in (targets, sources)]
        chord = 2 * math.sin(min(radius, math.pi) / 2)
        near = trees[0].query_ball_tree(trees[1], chord)
        rows = np.repeat(np.arange(len(targets)), [len(columns) for columns in near])
        columns = np.concatenate([np.sort(np.array(c, dtype=np.int64)) for c in near])
        return rows, columns

    def logarithms_from(self, targets: Index, radius: float) -> tuple[Array, Array]:
        along = np.einsum("pfx,qx->pqf", self.frames[targets], self.frames[:, 2])
        tangential = np.hypot(along[..., 0], along[..., 1])
        r, theta = np.arctan2(tangential, along[..., 2]), np.arctan2(along[..., 1], along[..., 0])
        return r, np.where(r < math.pi - 1e-9, theta, math.nan)

    def injectivity_radii(self) -> Array:
        return np.full(len(self.frames), math.pi / 2)

    @property
    def boundary(self) -> Index:
        return np.empty(0, dtype=np.int64)

    def turned(self, angles: Array) -> SphereTangent:
        return SphereTangent(turned_frames(self.frames, angles))


def turned_frames(frames: Array, angles: Array) -> Array:
    """Every frame turned about its normal by its own angle ``(vertex,)``."""
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    e1, e2, normal = frames[:, 0], frames[:, 1], frames[:, 2]
    return np.stack([c * e1 + s * e2, c * e2 - s * e1, normal], axis=1)
