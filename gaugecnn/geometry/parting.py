"""Sheets and fans: what more than two faces at an edge, or two fans at a vertex, are parted into.

Faces that stay joined across an edge join their corners there; each group of corners that hangs
together is one vertex of its own. An edge of many faces becomes several edges, a bow tie several
vertices, and nothing moves.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.connectivity import Connectivity, following, groups, preceding
from gaugecnn.geometry.orientation import agreement, volumes

Pairs = tuple[Index, Index]


def parted(vertices: Array, faces: Index) -> tuple[Index, Index]:
    """Vertices of a manifold for the corners of any triangles.

    Args:
        vertices: positions ``(vertex, xyz)``, of an extent near 1.
        faces: vertex indices ``(face, corner)``, none twice in a face.

    Returns:
        The new vertex of each corner ``(face, corner)``, numbered as the old ones are, and the
        edges that had more than two faces ``(edge, 2)``.
    """
    mesh = Connectivity(faces, len(vertices))
    crowded = mesh.sides_per_edge > 2
    one, other, opposite = mesh.meeting
    regular = ~crowded[mesh.edge[one]]
    pairs = one[regular], other[regular]
    if crowded.any():
        signs = _signs(vertices, mesh, *pairs, opposite[regular])
        more = _paired(vertices, mesh, np.flatnonzero(crowded[mesh.edge]), signs)
        pairs = np.append(pairs[0], more[:, 0]), np.append(pairs[1], more[:, 1])
    corners = _fans(mesh, pairs)
    while True:  # where both ends of a parted edge hang together all the same it is cut open
        now = Connectivity(corners, int(corners.max()) + 1)
        still = now.sides_per_edge[now.edge] > 2
        if not still.any():
            return corners, mesh.edges[crowded]
        uncut = ~still[pairs[0]] & ~still[pairs[1]]
        if uncut.all():
            return corners, mesh.edges[crowded]
        pairs = pairs[0][uncut], pairs[1][uncut]
        corners = _fans(mesh, pairs)


def _fans(mesh: Connectivity, pairs: Pairs) -> Index:
    """The group of each corner ``(face, corner)``, ordered as their vertices are."""
    one, other = pairs
    opposite = mesh.start[one] != mesh.start[other]
    at_start = np.where(opposite, following(other), other)
    at_end = np.where(opposite, other, following(other))
    ends = np.concatenate([one, following(one)]), np.concatenate([at_start, at_end])
    count, fan = groups(mesh.faces.size, *ends)
    vertex = np.empty(count, np.int64)
    vertex[fan] = mesh.start
    rank = np.empty(count, np.int64)
    rank[np.argsort(vertex, kind="stable")] = np.arange(count)
    return rank[fan].reshape(-1, 3)


def _signs(vertices: Array, mesh: Connectivity, one: Index, other: Index, opposite: Mask) -> Index:
    """1 for faces that lie right, -1 for those turned over ``(face,)``, as far as can be told."""
    found = agreement(vertices, mesh.faces, one, other, opposite)
    _, component = mesh.components
    inside_out = volumes(vertices, mesh.faces, component, found.minority) < 0
    return np.where(found.minority ^ inside_out[component], -1, 1)


def _paired(vertices: Array, mesh: Connectivity, sides: Index, signs: Index) -> Index:
    """The pairs of sides that stay joined ``(pair, 2)``, of all sides on crowded edges."""
    sides = sides[np.argsort(mesh.edge[sides], kind="stable")]
    starts = np.flatnonzero(np.diff(mesh.edge[sides])) + 1
    apexes = vertices[mesh.start[preceding(sides)]]
    pairs: list[tuple[int, int]] = []
    for around, apex in zip(np.split(sides, starts), np.split(apexes, starts), strict=True):
        low, high = mesh.start[around[0]], mesh.end[around[0]]
        if tuple(vertices[high]) < tuple(vertices[low]):  # by place, not by number
            low, high = high, low
        forward = np.where(mesh.start[around] == low, 1, -1) * signs[around // 3]
        order = np.lexsort(apex.T)
        directions = _directions(vertices[low], vertices[high], apex[order])
        joined = _around(directions, forward[order])
        pairs += [(int(around[order[i]]), int(around[order[j]])) for i, j in joined]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _directions(low: Array, high: Array, apex: Array) -> Array:
    """The angle of each face about the edge, from the first one on ``(face,)`` in [0, 2 pi)."""
    axis = (high - low) / np.linalg.norm(high - low)
    away = (apex - low) - ((apex - low) @ axis)[:, None] * axis
    angle = np.arctan2(np.cross(away[0], away) @ axis, away @ away[0])
    angle[(apex == apex[0]).all(axis=1)] = 0  # not just below 2 pi
    return np.mod(angle, 2 * np.pi)


def _around(angle: Array, forward: Index) -> list[tuple[int, int]]:
    """Which faces around an edge stay joined: two with the solid between them.

    With the thumb along the edge, the solid lies behind a face that runs forward and ahead of one
    that runs backward. Of three faces the flattest two that agree stay joined.

    Args:
        angle: of each face about the edge, counter-clockwise ``(face,)``.
        forward: 1 where a face runs along the edge, -1 against it ``(face,)``.
    """
    if len(angle) == 3:
        flatness = -np.abs(np.abs(angle[:, None] - angle) - np.pi)
        pairs = list(combinations(range(3), 2))
        agreeing = [(i, j) for i, j in pairs if forward[i] != forward[j]]
        return [max(agreeing or pairs, key=lambda pair: flatness[pair])]
    waiting: list[int] = []
    joined: list[tuple[int, int]] = []
    order = np.lexsort((-forward, angle)).tolist()  # where two solids touch, one ends first
    for face in order + order:  # once round, and again for solids that span the first face
        if any(face in pair for pair in joined) or (forward[face] < 0 and face in waiting):
            continue
        if forward[face] < 0:
            waiting.append(face)
        elif waiting:
            joined.append((waiting.pop(), face))
    return joined
