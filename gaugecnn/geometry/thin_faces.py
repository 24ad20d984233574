"""Faces without area: needles collapsed, caps flipped, so that a closed surface stays closed."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable

import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask

SMALLEST_AREA = 1e-12  # of a face, in mean areas
THINNEST = 1e-6  # height of a face over its longest edge; geodesic solvers fail below, with inf
NEEDLE = 1e-3  # shortest over longest edge of a thin face, below which its ends are made one

Row = tuple[int, int, int]


def without_area(vertices: Array, faces: Index) -> tuple[Mask, Mask]:
    """Which faces have no area, and which others are slivers ``(face,)``, at any size."""
    corners = vertices[faces]  # (face, corner, xyz)
    sides = np.roll(corners, -1, axis=1) - corners
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    longest = (sides**2).sum(axis=2).max(axis=1)  # squared
    empty = area <= SMALLEST_AREA * area.mean()
    return empty, ~empty & (2 * area <= THINNEST * longest)


def mended_faces(
    vertices: Array, faces: Index, force: bool = False
) -> tuple[Index, Mask, Counter[str]]:
    """The faces after those without area are mended, shortest edge first.

    Args:
        vertices: positions ``(vertex, xyz)``; none moves.
        faces: vertex indices ``(face, corner)``.
        force: whether to collapse an edge even where that pinches the surface.

    Returns:
        Faces ``(face, corner)``, which of them are left ``(face,)``, and what was done how often.
    """
    empty, sliver = without_area(vertices, faces)
    mesh = _Faces(vertices, faces, (empty | sliver).nonzero()[0].tolist())
    done: Counter[str] = Counter()
    queue = [mesh.key(face) for face in mesh.thin]
    heapq.heapify(queue)
    while queue:
        key = heapq.heappop(queue)
        face = key[-1]
        if mesh.row(face) is None or face not in mesh.thin or key != mesh.key(face):
            continue
        for near in mesh.mend(face, done, force):
            heapq.heappush(queue, mesh.key(near))
    return (*mesh.result(), done)


class _Faces:
    """Faces of which a few change: the rows that do, and the faces around the vertices near by."""

    def __init__(self, vertices: Array, faces: Index, thin: list[int]) -> None:
        self.vertices = vertices
        self.faces = faces
        self.thin = set(thin)
        self.smallest = SMALLEST_AREA * self._areas(faces).mean()
        self._rows: dict[int, Row | None] = {}
        self._near: dict[int, set[int]] = {}
        self._order = np.argsort(faces, axis=None, kind="stable") // 3 if thin else faces[:0]
        self._first = np.append(0, np.cumsum(np.bincount(faces.ravel(), minlength=len(vertices))))

    def _areas(self, faces: Index) -> Array:
        a, b, c = self.vertices[faces].swapaxes(0, 1)
        areas: Array = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        return areas

    def row(self, face: int) -> Row | None:
        """The corners of a face; None where it is gone."""
        if face in self._rows:
            return self._rows[face]
        a, b, c = self.faces[face].tolist()
        return a, b, c

    def around(self, vertex: int) -> set[int]:
        """The faces at a vertex."""
        if vertex not in self._near:
            found = self._order[self._first[vertex] : self._first[vertex + 1]]
            self._near[vertex] = set(found.tolist())
        return self._near[vertex]

    def _at(self, vertices: Iterable[int]) -> set[int]:
        return {face for vertex in vertices for face in self.around(vertex)}

    def change(self, face: int, row: Row | None) -> None:
        """Give a face other corners, or none."""
        for vertex in self.row(face) or ():
            self.around(vertex).discard(face)
        for vertex in row or ():
            self.around(vertex).add(face)
        self._rows[face] = row
        self.thin.discard(face)
        if row is not None and self.is_thin(row):
            self.thin.add(face)

    def result(self) -> tuple[Index, Mask]:
        """All rows ``(face, corner)``, and which of them are left ``(face,)``."""
        faces, left = self.faces.copy(), np.ones(len(self.faces), bool)
        for face, row in self._rows.items():
            if row is None:
                left[face] = False
            else:
                faces[face] = row
        return faces, left

    def normal(self, row: Row) -> Array:
        a, b, c = self.vertices[list(row)]
        normal: Array = np.cross(b - a, c - a)
        return normal

    def length(self, one: int, other: int) -> float:
        """The squared length of an edge."""
        return float(((self.vertices[one] - self.vertices[other]) ** 2).sum())

    def is_thin(self, row: Row) -> bool:
        area = float(np.linalg.norm(self.normal(row))) / 2
        longest = max(self.length(*side) for side in _sides(row))
        return area <= self.smallest or 2 * area <= THINNEST * longest

    def place(self, vertex: int) -> tuple[float, ...]:
        """A position, to order vertices whatever their numbers."""
        return tuple(self.vertices[vertex].tolist())

    def key(self, face: int) -> tuple[float, list[tuple[float, ...]], int]:
        """Faces are mended in this order, which is not that of the file."""
        row = self.row(face) or (0, 0, 0)
        shortest = min(self.length(*side) for side in _sides(row))
        return shortest, sorted(map(self.place, row)), face

    def mend(self, face: int, done: Counter[str], force: bool) -> set[int]:
        """Mend one face where that is possible; the thin faces that this may make possible."""
        row = self.row(face)
        assert row is not None
        sides = sorted(_sides(row), key=lambda side: self.length(*side))
        shortest, _, longest = (self.length(*side) for side in sides)
        is_cap = float(np.linalg.norm(self.normal(row))) <= THINNEST * longest
        is_cap = is_cap and shortest > NEEDLE**2 * longest  # else a needle, or merely small
        if not is_cap and self.collapse(sides, False):
            done["collapsed"] += 1
        elif self.flip(row, sides):
            done["flipped"] += 1
        elif force and self.collapse(sides, True):
            done["collapsed"] += 1
        else:
            return set()
        near = {v for f in self._at(row) for v in self.row(f) or ()}
        return self._at(near) & self.thin

    def collapse(self, sides: list[tuple[int, int]], force: bool) -> bool:
        """Make one vertex of the ends of the shortest side, the one at the boundary first."""
        ends = sorted(sides[0], key=lambda v: (not self.on_boundary(v), self.place(v)))
        if not force and not self._link_condition(*ends):
            return False
        for kept, gone in (ends, ends[::-1]):
            free = self.on_boundary(kept) or not self.on_boundary(gone)
            moved = {f: _replaced(self.row(f), gone, kept) for f in self.around(gone)}
            if force or (free and not any(self._folds(f, new) for f, new in moved.items())):
                for f, new in moved.items():
                    self.change(f, new)
                return True
        return False

    def flip(self, row: Row, sides: list[tuple[int, int]]) -> bool:
        """Give the longest side to the face beyond it; at a boundary the face falls away."""
        a, b = sides[2]
        c = next(v for v in row if v not in (a, b))
        face, *beyond = sorted(self.around(a) & self.around(b), key=lambda f: self.row(f) != row)
        if not beyond:
            self.change(face, None)
            return True
        over = self.row(beyond[0]) or row
        d = next(v for v in over if v not in (a, b))
        if len(beyond) > 1 or c == d or self.around(c) & self.around(d):
            return False
        new = (a, d, c), (d, b, c)
        normal = self.normal((b, a, d))
        thin = [self.is_thin(r) for r in new]
        back = any(self.normal(r) @ normal < 0 for r, t in zip(new, thin, strict=True) if not t)
        longer = self.length(c, d) >= self.length(a, b)
        if back or (longer and any(thin)) or sum(thin) > 1 + (beyond[0] in self.thin):
            return False
        self.change(face, new[0])
        self.change(beyond[0], new[1])
        return True

    def on_boundary(self, vertex: int) -> bool:
        """Whether an edge at the vertex has one face only."""
        rim = Counter(v for f in self.around(vertex) for v in self.row(f) or () if v != vertex)
        return 1 in rim.values()

    def _link(self, vertex: int) -> set[frozenset[int]]:
        """The vertices and edges opposite to a vertex in its faces."""
        edges = [frozenset(self.row(f) or ()) - {vertex} for f in self.around(vertex)]
        return {*edges, *(frozenset([v]) for edge in edges for v in edge)}

    def _link_condition(self, one: int, other: int) -> bool:
        """Whether making one vertex of the ends of an edge leaves the surface what it is."""
        shared = [self.row(f) or () for f in self.around(one) & self.around(other)]
        apexes = {frozenset(row) - {one, other} for row in shared}
        whole = self.on_boundary(one) and self.on_boundary(other) and len(shared) > 1
        return not whole and self._link(one) & self._link(other) == apexes

    def _folds(self, face: int, new: Row | None) -> bool:
        """Whether a face that has a normal would lose or turn it."""
        row = self.row(face)
        if new is None or row is None or face in self.thin:
            return False
        return self.is_thin(new) or float(self.normal(row) @ self.normal(new)) <= 0


def _sides(row: Row) -> list[tuple[int, int]]:
    a, b, c = row
    return [(a, b), (b, c), (c, a)]


def _replaced(row: Row | None, gone: int, kept: int) -> Row | None:
    """The corners with one vertex for another; None where the face names it already."""
    if row is None or kept in row:
        return None
    a, b, c = (kept if v == gone else v for v in row)
    return a, b, c
