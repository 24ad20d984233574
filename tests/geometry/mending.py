"""Meshes that have one sensible answer, with what is to be said of each."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.repair import Mended, Repair, mended
from tests.geometry.damage import DAMAGES, Mesh, append, sheet, tetrahedron, torus


def mend(vertices, faces, name="bad") -> tuple[Mended, list[str]]:
    """The mended mesh, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = mended(name, vertices, faces, Repair.safe)
    return found, [str(warning.message) for warning in caught]


def shuffled(vertices, faces, seed=0) -> Mesh:
    """The same surface, its vertices and faces in another order, another corner first."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(vertices))
    faces = np.argsort(order)[faces][random.permutation(len(faces))]
    turn = random.integers(0, 3, (len(faces), 1))
    return vertices[order], np.take_along_axis(faces, (turn + np.arange(3)) % 3, axis=1)


def surface(mesh: Mended) -> list:
    """The triangles by the places of their corners, whatever their order."""
    triangles = []
    for corners in mesh.vertices[mesh.faces].tolist():
        first = corners.index(min(corners))
        triangles.append(corners[first:] + corners[:first])
    return sorted(triangles)


def counts(mesh: Mended) -> tuple[int, int, int]:
    """Components, Euler characteristic, sides on the boundary."""
    edges = Connectivity(mesh.faces, len(mesh.vertices))
    euler = len(mesh.vertices) - len(edges.edges) + len(mesh.faces)
    return edges.components[0], euler, int((edges.sides_per_edge == 1).sum())


def area(vertices, faces):
    a, b, c = vertices[faces].swapaxes(0, 1)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def soup(vertices, faces) -> Mesh:
    """Every face with corners of its own, as an .stl file has it."""
    return vertices[faces].reshape(-1, 3), np.arange(faces.size).reshape(-1, 3)


def welded(*meshes: Mesh) -> Mesh:
    """Meshes whose equal vertices are one."""
    corners = np.concatenate([vertices[faces] for vertices, faces in meshes])
    places, faces = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    return places, faces.reshape(-1, 3)


def cube(*corner: float) -> Mesh:
    vertices = np.array(corner) + [[i & 1, i >> 1 & 1, i >> 2] for i in range(8)]
    squares = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return vertices, np.array([f for a, b, c, d in squares for f in ((a, b, c), (a, c, d))])


def seamed() -> Mesh:
    """A torus cut open along a meridian, as texture coordinates do it."""
    points, faces = torus()
    faces = faces.copy()
    last = faces[-16:]
    last[last < 8] += 128
    return np.concatenate([points, points[:8]]), faces


def corner_of_three() -> Mesh:
    """Three pages of a book; the two that lie flat are one sheet."""
    pages = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 0.1], [0, 0.1, 1]])
    return pages, np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]])


def wall_in_a_box() -> Mesh:
    """Two cubes that share a square which is stored once."""
    points, faces = welded(cube(0, 0, 0), cube(1, 0, 0))
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return points, faces[np.sort(first)]


def flap(vertices, faces) -> Mesh:
    """Two faces back to back on an edge of a closed surface."""
    apex = len(vertices)
    return append(vertices, faces, (np.array([[3.0, 3, 3]]), [[0, 8, apex], [8, 0, apex]]))


def dust(vertices, faces) -> Mesh:
    """A component that is a point, at the size of the others."""
    points, more = tetrahedron()
    return append(vertices, faces, (3 + 1e-9 * points, more + len(vertices)))


def both_ways(vertices, faces) -> Mesh:
    return vertices, np.concatenate([faces, faces[:, ::-1]])


def cap_chain() -> Mesh:
    """An edge with faces without area along it, each on the side of the next."""
    points = [[0, 0, 0], [1, 0, 0], [0.5, 0, 0], [0.5, 1, 0], [0.5, -1, 0], [0.25, 0, 0]]
    faces = [[0, 3, 5], [5, 3, 2], [2, 3, 1], [0, 5, 2], [0, 2, 1], [0, 1, 4]]
    return np.array(points), np.array(faces)


def needle(vertices, faces) -> Mesh:
    vertices = vertices.copy()
    one, other = faces[40, :2]
    vertices[one] = vertices[other] + 1e-9 * (vertices[one] - vertices[other])
    return vertices, faces


TORUS, SPHERE = (1, 0, 0), (1, 2, 0)
FLAT = "faces without area or thinner than 1e-06 of their longest edge, mended by"


@dataclass(frozen=True)
class Case:
    """A mesh, the components, Euler characteristic and boundary it gets, and what is said."""

    mesh: Mesh
    counts: tuple[int, int, int]
    repairs: tuple[str, ...]
    area: float = 0.0  # by how much it may change, relative


def damage(name: str, *rest) -> Case:
    return Case(DAMAGES[name].apply(*torus()), *rest)


APART = "2 components kept side by side"
ONE_EDGE = "1 edges with more than two faces parted into sheets"
FAN = "1 vertices whose faces form more than one fan parted"
CASES = {
    "unused vertex": damage("unused vertex", TORUS, ("1 unused vertices left out",)),
    "repeated vertex": damage(
        "repeated vertex",
        (1, -1, 3),
        ("1 faces without area dropped, two corners of each at one place",),
        0.01,
    ),
    "degenerate": damage("degenerate", TORUS, (f"1 {FLAT} flipping their longest edge",)),
    "sliver": damage("sliver", TORUS, (f"1 {FLAT} flipping their longest edge",)),
    "cap chain": Case(cap_chain(), (1, 1, 4), (f"2 {FLAT} flipping their longest edge",)),
    "needle": Case(needle(*torus()), TORUS, (f"1 {FLAT} collapsing their shortest edge",), 1e-8),
    "duplicate face": damage("duplicate face", TORUS, ("1 faces that repeat another dropped",), 1),
    "duplicate face, turned": damage(
        "duplicate face, turned", TORUS, ("1 faces that repeat another dropped",), 1
    ),
    "three faces at an edge": damage("three faces at an edge", (2, 1, 3), (ONE_EDGE, APART)),
    "bow tie": damage("bow tie", (2, 0, 0), (FAN, APART)),
    "crossing fans": damage("crossing fans", TORUS, (FAN,), 1),
    "two components": damage("two components", (2, 2, 0), (APART,)),
    "seam": Case(seamed(), TORUS, ("8 vertices joined with equal ones",)),
    "soup": Case(soup(*torus()), TORUS, ("640 vertices joined with equal ones",)),
    "cubes at an edge": Case(welded(cube(0, 0, 0), cube(1, 1, 0)), (2, 4, 0), (ONE_EDGE, APART)),
    "cubes at an edge, inside out": Case(
        (lambda points, faces: (points, faces[:, ::-1]))(*welded(cube(0, 0, 0), cube(1, 1, 0))),
        (2, 4, 0),
        (ONE_EDGE, "closed and inside out: all 24 faces turned over", APART),
    ),
    "cubes at an edge, apart": Case(
        append(*cube(0, 0, 0), (cube(1, 1, 0)[0], cube(0, 0, 0)[1] + 8)), (2, 4, 0), (APART,)
    ),
    "cubes at a corner": Case(welded(cube(0, 0, 0), cube(1, 1, 1)), (2, 4, 0), (FAN, APART)),
    "cubes at a face": Case(
        welded(cube(0, 0, 0), cube(1, 0, 0)),
        (2, 4, 0),
        ("5 edges with more than two faces parted into sheets", APART),
    ),
    "cubes of a chessboard": Case(
        welded(cube(0, 0, 0), cube(1, 1, 0), cube(1, 0, 1), cube(0, 1, 1)),
        (4, 8, 0),
        (
            "6 edges with more than two faces parted into sheets",
            "4 components kept side by side",
        ),
    ),
    "wall": Case(
        wall_in_a_box(),
        (2, 3, 4),
        ("4 edges with more than two faces parted into sheets", APART),
    ),
    "book": Case(corner_of_three(), (2, 2, 7), (ONE_EDGE, APART)),
    "flap": Case(flap(*torus()), TORUS, ("2 faces that repeat another dropped",), 1),
    "both ways, open": Case(
        both_ways(*sheet()), (1, 1, 18), ("40 faces that repeat another dropped",), 1
    ),
    "both ways, closed": Case(
        both_ways(*torus()), TORUS, ("256 faces that repeat another dropped",), 1
    ),
    "dust": Case(dust(*torus()), TORUS, (f"2 {FLAT} collapsing their shortest edge",), 1e-8),
}
