"""Connectivity of triangles: sides, edges, what lies across, rings, boundary; derived once.

Side ``h = 3 face + corner`` runs from that corner to the next one of its face, counter-clockwise.
A side also stands for the corner that it starts at.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy

from gaugecnn.geometry.arrays import Index, Mask


def following(side: Index) -> Index:
    """The next side of the same face."""
    return side + np.array([1, 1, -2])[side % 3]


def preceding(side: Index) -> Index:
    """The side before in the same face."""
    return side + np.array([2, -1, -1])[side % 3]


class Connectivity:
    """How faces meet. Sides, edges and components are known of any triples of vertices.

    `twin`, `boundary` and `first_side` are those of an oriented manifold, without or with boundary.

    Args:
        faces: vertex indices ``(face, corner)``.
        count: how many vertices there are.

    Attributes:
        start: the vertex at which each side starts ``(side,)``.
        end: the vertex at which it ends ``(side,)``.
    """

    def __init__(self, faces: Index, count: int) -> None:
        self.faces = faces
        self.count = count
        self.start: Index = faces.reshape(-1)
        self.end: Index = np.roll(faces, -1, axis=1).reshape(-1)

    @cached_property
    def _by_edge(self) -> tuple[Index, Index, Index]:
        """The keys of all edges, ascending; the edge of each side; the sides sorted by edge."""
        low, high = np.minimum(self.start, self.end), np.maximum(self.start, self.end)
        key = low * self.count + high
        order = np.argsort(key, kind="stable")
        new = np.ones(len(key), dtype=bool)
        new[1:] = key[order][1:] != key[order][:-1]
        edge = np.empty(len(key), dtype=np.int64)
        edge[order] = np.cumsum(new) - 1
        return key[order][new], edge, order

    @property
    def edges(self) -> Index:
        """Each edge once, lower vertex first ``(edge, 2)``, ascending."""
        return np.stack(np.divmod(self._by_edge[0], self.count), axis=1)

    @property
    def edge(self) -> Index:
        """The edge on which each side lies ``(side,)``."""
        return self._by_edge[1]

    @cached_property
    def sides_per_edge(self) -> Index:
        """How many sides lie on each edge ``(edge,)``: 2 inside a manifold, 1 at its boundary."""
        return np.bincount(self.edge)

    @cached_property
    def neighbours(self) -> tuple[Index, Index]:
        """The edges both ways, as (target, source) sorted by target, then source."""
        one, other = self.edges.T
        key = np.sort(np.concatenate([one * self.count + other, other * self.count + one]))
        target, source = np.divmod(key, self.count)
        return target, source

    @cached_property
    def meeting(self) -> tuple[Index, Index, Mask]:
        """The pairs of sides that share an edge of two faces, and whether they run opposite ways.

        Of an edge with more faces each side is paired with the next one.
        """
        _, edge, order = self._by_edge
        same = edge[order[1:]] == edge[order[:-1]]
        one, other = order[:-1][same], order[1:][same]
        return one, other, self.start[one] != self.start[other]

    @cached_property
    def twin(self) -> Index:
        """The side that runs the other way on the same edge ``(side,)``; -1 at a boundary."""
        one, other, _ = self.meeting
        twin = np.full(len(self.start), -1)
        twin[one], twin[other] = other, one
        return twin

    @cached_property
    def on_boundary(self) -> Mask:
        """Whether the faces of a vertex do not close around it ``(vertex,)``."""
        found = np.zeros(self.count, dtype=bool)
        open_sides = self.twin < 0
        found[self.start[open_sides]] = found[self.end[open_sides]] = True
        return found

    @property
    def boundary(self) -> Index:
        """The vertices on the boundary ``(vertex,)``, ascending."""
        return np.flatnonzero(self.on_boundary)

    @cached_property
    def components(self) -> tuple[int, Index]:
        """How many pieces hang together through edges, and the piece of each face ``(face,)``."""
        one, other, _ = self.meeting
        return groups(len(self.faces), one // 3, other // 3)


def groups(count: int, one: Index, other: Index) -> tuple[int, Index]:
    """How many connected groups the pairs make of `count` nodes, and the group of each node."""
    graph = scipy.sparse.coo_array((np.ones(len(one), bool), (one, other)), shape=(count, count))
    found, label = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return int(found), label.astype(np.int64)
