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


@dataclass(frozen=True, eq=False)
class OneRing:
    """Directed edges of a mesh, sorted by target, then source.

    Attributes:
        target: p ``(edge,)``.
        source: q ``(edge,)``.
        length: of the edge ``(edge,)``.
        theta: direction of q at p, from an arbitrary zero ``(edge,)``.
        angle_sum: of the corners at each vertex, before rescaling ``(vertex,)``.
        on_boundary: whether the faces of a vertex form an open fan ``(vertex,)``.
    """

    target: Index
    source: Index
    length: Array
    theta: Array
    angle_sum: Array
    on_boundary: np.ndarray


def one_ring(vertices: Array, faces: Index) -> OneRing:
    """Walk around every vertex at once, face by face, counter-clockwise."""
    count = len(vertices)
    corner = np.concatenate([faces, np.roll(faces, -1, axis=1), np.roll(faces, -2, axis=1)])
    p, a, b = corner.T  # the corner at p lies between the edges to a and, counter-clockwise, to b
    angle = _angles(vertices[a] - vertices[p], vertices[b] - vertices[p])
    order = np.argsort(p * count + a)
    key, following, angle = (p * count + a)[order], b[order], angle[order]
    angle_sum = np.bincount(p[order], weights=angle, minlength=count).astype(np.float64)
    last = np.setdiff1d(p * count + b, key)  # edges with no corner to their left: at a boundary
    first = np.setdiff1d(p * count + a, p * count + b)  # and with none to their right
    start = np.full(count, count)
    np.minimum.at(start, p, a)
    start[first // count] = first % count
    keys = np.concatenate([key, last])
    theta = np.zeros(len(keys))
    on_boundary = np.zeros(count, dtype=bool)
    on_boundary[last // count] = True
    turn = np.where(on_boundary, math.pi, 2 * math.pi) / angle_sum
    here, walking, total = start.copy(), np.arange(count), np.zeros(count)
    by_key = np.argsort(keys)
    while len(walking):
        place = by_key[np.searchsorted(keys, walking * count + here[walking], sorter=by_key)]
        theta[place] = total[walking] * turn[walking]
        inner = place < len(key)
        walking, place = walking[inner], place[inner]
        total[walking] += angle[place]
        here[walking] = following[place]
        walking = walking[here[walking] != start[walking]]
    target, source = keys[by_key] // count, keys[by_key] % count
    length = np.linalg.norm(vertices[source] - vertices[target], axis=1)
    return OneRing(target, source, length, theta[by_key], angle_sum, on_boundary)


def tangent_frames(vertices: Array, faces: Index, ring: OneRing) -> Array:
    """Frames in which the directions of the edges are, as nearly as can be, those of the ring.

    The normal is the mean of those of the faces around the vertex, by corner angle; e1 makes the
    sum of all differences of directions zero.

    Returns:
        ``(vertex, frame vector, xyz)``.
    """
    corners = vertices[faces]
    face_normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face_normal /= np.linalg.norm(face_normal, axis=1, keepdims=True)
    normal = np.zeros_like(vertices)
    for i in range(3):
        to_next, to_last = (corners[:, (i + k) % 3] - corners[:, i] for k in (1, 2))
        weighted = _angles(to_next, to_last)[:, None] * face_normal
        np.add.at(normal, faces[:, i], weighted)
    normal = _unit(normal)
    axis = np.eye(3)[np.abs(normal).argmin(axis=1)]  # far from the normal
    e1 = _unit(axis - (axis * normal).sum(1, keepdims=True) * normal)
    e2 = np.cross(normal, e1)
    edge = vertices[ring.source] - vertices[ring.target]
    seen = (edge * e1[ring.target]).sum(1) + 1j * (edge * e2[ring.target]).sum(1)
    seen /= np.maximum(np.abs(seen), 1e-300)
    turned = seen * np.exp(-1j * ring.theta)
    mean = np.zeros(len(vertices), dtype=complex)
    np.add.at(mean, ring.target, turned)
    c, s = np.cos(np.angle(mean))[:, None], np.sin(np.angle(mean))[:, None]
    return np.stack([c * e1 + s * e2, c * e2 - s * e1, normal], axis=1)


def _angles(first: Array, second: Array) -> Array:
    """The angle between vectors ``(..., xyz)``, accurate for small and for flat angles too."""
    across = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.arctan2(across, (first * second).sum(-1))


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-300)
