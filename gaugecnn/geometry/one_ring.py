"""The one ring of a triangle mesh: polar coordinates of every edge at both of its ends.

The corner angles around a vertex are rescaled to a full turn, and to half a turn at a boundary, so
that directions live on a circle although the mesh is no plane (Knoeppel et al. 2013, section 3;
Sharp, Soliman & Crane 2019, section 5.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.connectivity import Connectivity, following, preceding


@dataclass(frozen=True, eq=False)
class OneRing:
    """Directions around every vertex, counter-clockwise; for sides see `Connectivity`.

    The direction 0 at a vertex is that of its longest edge, at a boundary that of the edge with the
    surface to its left.

    Attributes:
        target: p of each directed edge, sorted by target, then source ``(edge,)``.
        source: q ``(edge,)``.
        length: of the edge ``(edge,)``.
        raw: direction of q at p in the plane into which the faces around p unfold ``(edge,)``.
        reverse: where the edge stands that has p and q exchanged ``(edge,)``.
        start: direction in which each side leaves its vertex, unfolded ``(side,)``.
        corner: the angle of the corner at the start of each side ``(side,)``.
        angle_sum: of the corners at each vertex ``(vertex,)``.
        turn: the rescaled angle around each vertex, 2 pi or pi ``(vertex,)``.
    """

    target: Index
    source: Index
    length: Array
    raw: Array
    reverse: Index
    start: Array
    corner: Array
    angle_sum: Array
    turn: Array

    @property
    def scale(self) -> Array:
        """What unfolded angles at each vertex are multiplied by ``(vertex,)``."""
        return self.turn / self.angle_sum

    @property
    def theta(self) -> Array:
        """Rescaled direction of q at p ``(edge,)``."""
        return self.raw * self.scale[self.target]


def one_ring(vertices: Array, mesh: Connectivity) -> OneRing:
    """Walk around every vertex at once, corner by corner, counter-clockwise."""
    p, a, b = mesh.start, mesh.end, mesh.start[preceding(np.arange(len(mesh.start)))]
    corner = angles(vertices[a] - vertices[p], vertices[b] - vertices[p])
    start = np.zeros(len(p))
    first = _first_side(vertices, mesh)
    here, around = first.copy(), np.zeros(mesh.count)
    walking = np.arange(mesh.count)
    while len(walking):
        side = here[walking]
        start[side] = around[walking]
        around[walking] += corner[side]
        here[walking] = mesh.twin[preceding(side)]
        walking = walking[(here[walking] >= 0) & (here[walking] != first[walking])]
    # Of an edge whose other side has no face, the direction at its end follows from the corner.
    alone = np.flatnonzero(mesh.twin < 0)
    last = following(alone)
    key = np.concatenate([p * mesh.count + a, a[alone] * mesh.count + p[alone]])
    raw = np.concatenate([start, start[last] + corner[last]])
    order = np.argsort(key)
    target, source = np.divmod(key[order], mesh.count)
    return OneRing(
        target=target,
        source=source,
        length=np.linalg.norm(vertices[source] - vertices[target], axis=1),
        raw=raw[order],
        reverse=np.searchsorted(key[order], source * mesh.count + target),
        start=start,
        corner=corner,
        angle_sum=around,
        turn=np.where(mesh.on_boundary, math.pi, 2 * math.pi),
    )


def _first_side(vertices: Array, mesh: Connectivity) -> Index:
    """The side at which the walk around each vertex begins ``(vertex,)``."""
    length = np.linalg.norm(vertices[mesh.end] - vertices[mesh.start], axis=1)
    length[mesh.twin < 0] = math.inf
    order = np.lexsort((length, mesh.start))
    last = np.searchsorted(mesh.start[order], np.arange(mesh.count), side="right") - 1
    return order[last]


def tangent_frames(vertices: Array, faces: Index, ring: OneRing) -> Array:
    """Frames in which the directions of the edges are, as nearly as can be, those of the ring.

    The normal is the mean of those of the faces around the vertex, by corner angle; e1 makes the
    sum of all differences of directions zero.

    Returns:
        ``(vertex, frame vector, xyz)``.
    """
    corners = vertices[faces]
    face_normal = _unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    weighted = ring.corner[:, None] * np.repeat(face_normal, 3, axis=0)
    normal = _unit(np.stack([np.bincount(faces.ravel(), w) for w in weighted.T], axis=1))
    axis = np.eye(3)[np.abs(normal).argmin(axis=1)]  # far from the normal
    e1 = _unit(axis - (axis * normal).sum(1, keepdims=True) * normal)
    e2 = np.cross(normal, e1)
    edge = vertices[ring.source] - vertices[ring.target]
    seen = (edge * e1[ring.target]).sum(1) + 1j * (edge * e2[ring.target]).sum(1)
    seen /= np.maximum(np.abs(seen), 1e-300)
    turned = seen * np.exp(-1j * ring.theta)
    mean = np.bincount(ring.target, turned.real) + 1j * np.bincount(ring.target, turned.imag)
    c, s = np.cos(np.angle(mean))[:, None], np.sin(np.angle(mean))[:, None]
    return np.stack([c * e1 + s * e2, c * e2 - s * e1, normal], axis=1)


def angles(first: Array, second: Array) -> Array:
    """The angle between vectors ``(..., xyz)``, accurate for small and for flat angles too."""
    across = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.arctan2(across, (first * second).sum(-1))


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-300)
