"""What the scripts of this folder share: refine, measure, and write only what is sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gaugecnn.geometry.subdivision import subdivide

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def onto_unit_sphere(points: Array) -> Array:
    """The points ``(point, xyz)`` divided by their distance from the origin."""
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def refine(
    vertices: Array, faces: Index, times: int, project: Callable[[Array], Array]
) -> tuple[Array, Index]:
    """Halve every edge `times` times; each time `project` moves the vertices onto the surface."""
    for _ in range(times):
        vertices, faces = subdivide(vertices, faces)
        vertices = project(vertices)
    return vertices, faces


def icosphere(level: int) -> tuple[Array, Index]:
    """The icosahedron refined `level` times on the unit sphere, coarse vertices first."""
    solid = trimesh.creation.icosahedron()
    faces = np.asarray(solid.faces, dtype=np.int64)
    return refine(np.asarray(solid.vertices), faces, level, onto_unit_sphere)


def fans(faces: Index) -> int:
    """How many fans of faces lie around the vertices: one for each on a manifold.

    No edge may have two faces on one side.
    """
    corner = np.arange(faces.size).reshape(-1, 3)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    here, there = corner.ravel(), np.roll(corner, -1, axis=1).ravel()
    count = faces.max() + 1
    forth, back = start * count + end, end * count + start
    _, one, other = np.intersect1d(forth, back, assume_unique=True, return_indices=True)
    # Across an edge the corner at its start meets the corner at the end of the reversed edge.
    joined = coo_array((np.ones(len(one)), (here[one], there[other])), (faces.size, faces.size))
    return connected_components(joined, directed=False)[0]


def check(vertices: Array, faces: Index, euler: int) -> None:
    """Assert that the mesh is a manifold, oriented outwards, of the Euler characteristic `euler`.

    The volume is that of the cone over the surface from the origin, so that an open surface with
    its boundary in a plane through the origin counts as closed by that plane.
    """
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    assert len(np.unique(sides, axis=0)) == len(sides), "an edge has two faces on one side"
    assert len(np.unique(faces)) == len(vertices), "a vertex belongs to no face"
    assert fans(faces) == len(vertices), "a vertex joins two fans of faces"
    assert mesh.body_count == 1, f"expected one piece, got {mesh.body_count}"
    assert mesh.euler_number == euler, f"expected {euler}, got {mesh.euler_number}"
    assert np.linalg.det(mesh.triangles).sum() > 0, "the surface is inside out"


def describe(vertices: Array, faces: Index) -> str:
    """Size and shape in one line: vertices, corner angles, edge lengths."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    smallest = np.degrees(mesh.face_angles.min(axis=1))
    length = mesh.edges_unique_length
    return (
        f"{len(vertices)} vertices, smallest corner angle {smallest.min():.1f} degrees "
        f"(mean over faces {smallest.mean():.1f}), longest/shortest edge "
        f"{length.max() / length.min():.2f}"
    )


def write(path: Path, vertices: Array, faces: Index, euler: int) -> None:
    """Check the mesh, write it as binary .ply with positions in float32, and describe it."""
    check(vertices, faces, euler)
    trimesh.Trimesh(vertices, faces, process=False).export(path)
    print(f"{path.name}: {describe(vertices, faces)}, {path.stat().st_size / 1000:.0f} kB")
