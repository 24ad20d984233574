"""Tangent geometry of a mesh: frames, logarithmic map and parallel transport.

The logarithm of q at p has polar coordinates ``(r, theta)`` in p's frame ``(e1, e2, n)``. The
transport angle along the connecting geodesic follows from the logarithms at both of its ends,
``phi_pq = theta_pq - theta_qp - pi``, and takes components at q to components at p.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import potpourri3d
from numpy.typing import NDArray
from scipy.spatial import KDTree

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Tangent(ABC):
    """Frames, logarithms and transports at the vertices of a surface, in float64.

    Attributes:
        frames: ``(vertex, frame vector, xyz)``, the right-handed (e1, e2, n), n outward.
    """

    frames: Array

    @abstractmethod
    def logarithms(self, target: Index, source: Index) -> tuple[Array, Array]:
        """``(r, theta)`` of each source q in the frame of its target p, ``(edge,)`` each."""

    @abstractmethod
    def disc(self, radius: float) -> tuple[Index, Index]:
        """Pairs (target p, source q), q within geodesic distance `radius` of p, p itself not."""

    @abstractmethod
    def logarithms_at(self, target: int) -> tuple[Array, Array]:
        """``(r, theta)`` of every vertex in the frame of one, ``(vertex,)`` each."""

    @abstractmethod
    def turned(self, angles: Array) -> Tangent:
        """The same geometry with every frame turned by its own angle ``(vertex,)``."""

    @abstractmethod
    def restricted(self, kept: Index, vertices: Array, faces: Index) -> Tangent:
        """The geometry of a coarser mesh whose vertices are those kept, in the same frames."""

    def transport(self, target: Index, source: Index) -> Array:
        """``phi_pq = theta_pq - theta_qp - pi`` for each pair, ``(edge,)`` radians."""
        _, there = self.logarithms(target, source)
        _, back = self.logarithms(source, target)
        return np.remainder(there - back, 2 * math.pi) - math.pi


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
        along = np.einsum("efx,ex->ef", frames, q)  # (edge, frame vector): q in p's frame
        tangential = np.hypot(along[:, 0], along[:, 1])
        return np.arctan2(tangential, along[:, 2]), np.arctan2(along[:, 1], along[:, 0])

    def disc(self, radius: float) -> tuple[Index, Index]:
        tree = KDTree(self.frames[:, 2])
        chord = 2 * math.sin(min(radius, math.pi) / 2)
        pairs = tree.query_pairs(chord, output_type="ndarray").astype(np.int64)
        pairs = np.concatenate([pairs, pairs[:, ::-1]])
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        return pairs[:, 0], pairs[:, 1]

    def logarithms_at(self, target: int) -> tuple[Array, Array]:
        count = len(self.frames)
        return self.logarithms(np.full(count, target), np.arange(count))

    def turned(self, angles: Array) -> SphereTangent:
        return SphereTangent(_turn(self.frames, angles))

    def restricted(self, kept: Index, vertices: Array, faces: Index) -> SphereTangent:
        return SphereTangent(self.frames[kept])


class MeshTangent(Tangent):
    """Any triangle mesh, by the vector heat method (Sharp, Soliman & Crane 2019; potpourri3d).

    Logarithms are solved for one vertex at a time, when they are first asked for, and kept.

    Args:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        frames: ``(vertex, frame vector, xyz)``; potpourri3d's own when None.
    """

    def __init__(self, vertices: Array, faces: Index, frames: Array | None = None) -> None:
        self._vertices, self._faces = vertices, faces
        self._solver = potpourri3d.MeshVectorHeatSolver(vertices, faces)
        self._native = np.stack(self._solver.get_tangent_frames(), axis=1)
        self.frames = self._native if frames is None else _onto(frames, self._native)
        # The angle from potpourri3d's first frame vector to ours.
        e1, e2 = self._native[:, 0], self._native[:, 1]
        ours = self.frames[:, 0]
        self._offset = np.arctan2((ours * e2).sum(1), (ours * e1).sum(1))
        self._solved: dict[int, tuple[Array, Array]] = {}

    def logarithms_at(self, target: int) -> tuple[Array, Array]:
        if target not in self._solved:
            flat = self._solver.compute_log_map(int(target))  # (vertex, xy)
            theta = np.arctan2(flat[:, 1], flat[:, 0]) - self._offset[target]
            self._solved[target] = np.hypot(flat[:, 0], flat[:, 1]), theta
        return self._solved[target]

    def logarithms(self, target: Index, source: Index) -> tuple[Array, Array]:
        radius, theta = np.empty(len(target)), np.empty(len(target))
        for p in np.unique(target):
            rows = np.flatnonzero(target == p)
            r, angle = self.logarithms_at(int(p))
            radius[rows], theta[rows] = r[source[rows]], angle[source[rows]]
        return radius, theta

    def disc(self, radius: float) -> tuple[Index, Index]:
        count = len(self.frames)
        near = [np.flatnonzero(self.logarithms_at(p)[0] < radius) for p in range(count)]
        target = np.repeat(np.arange(count), [len(n) for n in near])
        source = np.concatenate(near)
        pairs = target != source
        return target[pairs], source[pairs]

    def turned(self, angles: Array) -> MeshTangent:
        return MeshTangent(self._vertices, self._faces, _turn(self.frames, angles))

    def restricted(self, kept: Index, vertices: Array, faces: Index) -> MeshTangent:
        return MeshTangent(vertices, faces, self.frames[kept])


def _turn(frames: Array, angles: Array) -> Array:
    """Every frame turned about its normal by its own angle ``(vertex,)``."""
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    e1, e2, normal = frames[:, 0], frames[:, 1], frames[:, 2]
    return np.stack([c * e1 + s * e2, c * e2 - s * e1, normal], axis=1)


def _onto(frames: Array, native: Array) -> Array:
    """`frames` laid into the tangent planes of `native`, keeping the direction of e1."""
    normal = native[:, 2]
    e1 = frames[:, 0] - (frames[:, 0] * normal).sum(1, keepdims=True) * normal
    e1 /= np.linalg.norm(e1, axis=1, keepdims=True)
    return np.stack([e1, np.cross(normal, e1), normal], axis=1)
