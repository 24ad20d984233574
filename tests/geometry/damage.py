"""Good meshes, and each way in which one is damaged, with the message that must say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import trimesh

Mesh = tuple[np.ndarray, np.ndarray]


def grid(rows: int, columns: int, glue: Callable[[int, int], int]) -> np.ndarray:
    """Two triangles for each cell of a grid whose corner (i, j) is vertex ``glue(i, j)``."""
    faces = []
    for i in range(rows):
        for j in range(columns):
            a, b, c, d = glue(i, j), glue(i + 1, j), glue(i + 1, j + 1), glue(i, j + 1)
            faces += [[a, b, c], [a, c, d]]
    return np.array(faces, np.int64)


def torus(around: int = 16, across: int = 8) -> Mesh:
    u = np.repeat(2 * np.pi * np.arange(around) / around, across)
    v = np.tile(2 * np.pi * np.arange(across) / across, around)
    r = 1 + 0.4 * np.cos(v)
    points = np.stack([r * np.cos(u), r * np.sin(u), 0.4 * np.sin(v)], axis=-1)
    return points, grid(around, across, lambda i, j: i % around * across + j % across)


def sheet(rows: int = 4, columns: int = 5) -> Mesh:
    i, j = np.divmod(np.arange((rows + 1) * (columns + 1)), columns + 1)
    points = np.stack([i, j, 0.1 * i * j], axis=-1).astype(float)
    return points, grid(rows, columns, lambda a, b: a * (columns + 1) + b)


def icosahedron() -> Mesh:
    solid = trimesh.creation.icosahedron()
    return np.array(solid.vertices), np.array(solid.faces, np.int64)


def tetrahedron() -> Mesh:
    vertices = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    return vertices, np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])


def triangle() -> Mesh:
    return np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]])


GOOD = {
    "torus": torus,
    "sheet": sheet,
    "icosahedron": icosahedron,
    "tetrahedron": tetrahedron,
    "triangle": triangle,
}


def write(row: int, corner: int, value: int) -> Callable[[np.ndarray, np.ndarray], Mesh]:
    def damage(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
        faces = faces.copy()
        faces[row, corner] = value
        return vertices, faces

    return damage


def place(vertex: int, position: list[float]) -> Callable[[np.ndarray, np.ndarray], Mesh]:
    def damage(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
        vertices = vertices.copy()
        vertices[vertex] = position
        return vertices, faces

    return damage


def append(vertices: np.ndarray, faces: np.ndarray, more: Mesh) -> Mesh:
    return np.concatenate([vertices, more[0]]), np.concatenate([faces, more[1]])


def repeat_a_vertex(vertices, faces):
    faces = faces.copy()
    faces[7] = faces[7][[0, 0, 1]]
    return vertices, faces


def split(height: float) -> Callable[[np.ndarray, np.ndarray], Mesh]:
    """Face 7 split in three at a point that far above its first side."""

    def damage(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
        a, b, c = faces[7]
        n = len(vertices)
        middle = (vertices[a] + vertices[b]) / 2
        point = middle + height * (vertices[c] - middle)
        others = np.delete(faces, 7, axis=0)
        return append(vertices, others, (point[None], np.array([[a, b, n], [b, c, n], [c, a, n]])))

    return damage


def third_face_at_an_edge(vertices, faces):
    a, b = faces[0, :2]
    return append(vertices, faces, (np.array([[9.0, 9, 9]]), np.array([[a, b, len(vertices)]])))


def bow_tie(vertices, faces):
    """A second torus that touches the first in vertex 0."""
    points, more = torus()
    points[:, 0] += 2.8
    more = np.where(more == 64, 0, more - (more > 64) + len(vertices))  # 64 lies opposite to 0
    return append(vertices, faces, (np.delete(points, 64, axis=0), more))


def crossing_fans(vertices, faces):
    """Two vertices far apart made one."""
    return np.delete(vertices, 70, axis=0), np.where(faces == 70, 3, faces - (faces > 70))


def second_component(vertices, faces):
    points, more = tetrahedron()
    return append(vertices, faces, (points + 9, more + len(vertices)))


def moebius_strip(vertices, faces):
    around, across = 16, 2
    u = np.repeat(2 * np.pi * np.arange(around) / around, across + 1)
    w = np.tile(np.linspace(-0.3, 0.3, across + 1), around)
    r = 1 + w * np.cos(u / 2)
    points = np.stack([r * np.cos(u), r * np.sin(u), w * np.sin(u / 2)], axis=-1)
    return points, grid(around, across, lambda i, j: 3 * i + j if i < around else across - j)


def klein_bottle(vertices, faces):
    """Immersed: a figure of eight turned by half a turn on its way round."""
    around, across = 16, 12
    u = np.repeat(2 * np.pi * np.arange(around) / around, across)
    v = np.tile(2 * np.pi * (np.arange(across) + 0.25) / across, around)
    r = 2 + np.cos(u / 2) * np.sin(v) - np.sin(u / 2) * np.sin(2 * v)
    z = np.sin(u / 2) * np.sin(v) + np.cos(u / 2) * np.sin(2 * v)
    points = np.stack([r * np.cos(u), r * np.sin(u), z], axis=-1)
    return points, grid(around, across, lambda i, j: glue_klein(i, j, around, across))


def glue_klein(i: int, j: int, around: int, across: int) -> int:
    return i * across + j % across if i < around else -j % across


@dataclass(frozen=True)
class Damage:
    """A way to damage a good torus.

    Attributes:
        apply: makes the damaged mesh.
        message: what the refusal must match, after the mesh's name.
        stl: what it must match from an .stl file, which numbers the vertices anew; None where
            such a file cannot hold the damage.
    """

    apply: Callable[[np.ndarray, np.ndarray], Mesh]
    message: str
    stl: str | None


NOT_FINITE = r"\d vertices that are not finite, the first: \["

DAMAGES = {
    "nan": Damage(
        place(3, [0, np.nan, 0]), r"1 vertices that are not finite, the first: \[3\]", NOT_FINITE
    ),
    "infinite": Damage(
        place(3, [np.inf, 0, 0]), r"1 vertices that are not finite, the first: \[3\]", NOT_FINITE
    ),
    "index too large": Damage(
        write(5, 2, 128), r"1 faces with an index outside 0\.\.127, the first: \[5\]", None
    ),
    "index negative": Damage(
        write(5, 2, -200), r"1 faces with an index outside 0\.\.127, the first: \[5\]", None
    ),
    "no extent": Damage(
        lambda vertices, faces: (0 * vertices, faces),
        r"expected an extent between 1e-60 and 1e\+60, got 0",
        "expected an extent",
    ),
    "repeated vertex": Damage(
        repeat_a_vertex, r"1 faces without area, the first: \[7\]", r"1 faces without area, .*\[7\]"
    ),
    "degenerate": Damage(
        split(0), r"1 faces without area, the first: \[255\]", r"1 faces without area|1 slivers"
    ),
    "sliver": Damage(
        split(1e-9),
        r"1 slivers, thinner than 1e-06 of their longest edge, the first: \[255\]",
        "1 slivers|1 faces without area",
    ),
    "collinear": Damage(
        lambda vertices, faces: (vertices[:, :1] * [1, 0.7, 0.3], faces),
        r"\d+ (faces without area|slivers)",
        r"\d+ (faces without area|slivers)",
    ),
    "unused vertex": Damage(
        lambda vertices, faces: (np.concatenate([vertices, [[9, 9, 9]]]), faces),
        r"1 unused vertices, the first: \[128\]",
        None,
    ),
    "duplicate face": Damage(
        lambda vertices, faces: (vertices, np.concatenate([faces, faces[9:10, [2, 0, 1]]])),
        r"1 faces that repeat another, the first: \[256\]",
        r"1 faces that repeat another, the first: \[256\]",
    ),
    "duplicate face, turned": Damage(
        lambda vertices, faces: (vertices, np.concatenate([faces, faces[9:10, ::-1]])),
        r"1 faces that repeat another, the first: \[256\]",
        r"1 faces that repeat another, the first: \[256\]",
    ),
    "three faces at an edge": Damage(
        third_face_at_an_edge,
        r"1 edges with more than two faces, the first: \[\[0, 8\]\]",
        "1 edges with more than two faces",
    ),
    "bow tie": Damage(
        bow_tie,
        r"1 vertices whose faces form more than one fan, the first: \[0\]",
        "1 vertices whose faces form more than one fan",
    ),
    "crossing fans": Damage(
        crossing_fans,
        r"1 vertices whose faces form more than one fan, the first: \[3\]",
        "1 vertices whose faces form more than one fan",
    ),
    "two components": Damage(
        second_component,
        "expected one connected surface, got 2 components, the largest of 128, 4 vertices",
        "got 2 components, the largest of 128, 4 vertices",
    ),
    "folded flat": Damage(
        lambda vertices, faces: (vertices * [1, 1, 0], faces),
        r"32 vertices without a normal, folded flat, the first: \[0, 4, 8, 12, 16\]",
        None,  # the two sides fall together
    ),
    "moebius strip": Damage(
        moebius_strip, "not orientable: its 64 faces have no common outside", "not orientable"
    ),
    "klein bottle": Damage(
        klein_bottle, "not orientable: its 384 faces have no common outside", "not orientable"
    ),
}
