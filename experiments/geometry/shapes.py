"""Meshes whose geodesics are known, and meshes that are hard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import trimesh
from scipy.spatial import ConvexHull, Delaunay

Mesh = tuple[np.ndarray, np.ndarray]


def triangulated(xy: np.ndarray) -> Mesh:
    """Points of the plane and their Delaunay faces, counter-clockwise, without flat ones."""
    faces = Delaunay(xy).simplices.astype(np.int64)
    a, b, c = (xy[faces[:, i]] for i in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    faces[area < 0] = faces[area < 0][:, ::-1]
    return np.pad(xy, ((0, 0), (0, 1))), faces[np.abs(area) > 1e-9]


def grid(x: np.ndarray, y: np.ndarray) -> Mesh:
    """A rectangle cut at the given places."""
    i, j = np.meshgrid(np.arange(len(x)), np.arange(len(y)), indexing="ij")
    a = i[:-1, :-1].ravel() * len(y) + j[:-1, :-1].ravel()
    corners = np.stack([a, a + len(y), a + len(y) + 1, a + 1], axis=1)
    faces = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
    return np.stack([x[i.ravel()], y[j.ravel()], 0 * x[i.ravel()]], axis=1), faces


def regular() -> Mesh:
    return grid(np.linspace(0, 1, 13), np.linspace(0, 1, 13))


def irregular(steps: int = 12) -> Mesh:
    i, j = np.divmod(np.arange((steps + 1) ** 2), steps + 1)
    inside = (np.minimum(i, j) > 0) & (np.maximum(i, j) < steps)
    moved = np.random.default_rng(0).uniform(-0.35, 0.35, (len(i), 2)) * inside[:, None]
    return triangulated((np.stack([i, j], axis=1) + moved) / steps)


def graded() -> Mesh:
    """Steps from 0.004 to 0.2: one to fifty."""
    steps = np.geomspace(0.004, 0.2, 12)
    place = np.concatenate([[0], np.cumsum(steps)])
    return grid(place, place)


def sheared() -> Mesh:
    """Long triangles: a regular square pulled along."""
    vertices, faces = regular()
    return vertices + [3, 0, 0] * vertices[:, 1:2], faces


def clustered() -> Mesh:
    """A coarse square with a dense cluster in it."""
    rough, _ = regular()
    dense = 0.5 + 0.01 * np.random.default_rng(1).uniform(-1, 1, (60, 2))
    return triangulated(np.concatenate([rough[::2, :2], dense]))


FLAT: dict[str, Callable[[], Mesh]] = {
    "regular": regular,
    "irregular": irregular,
    "graded": graded,
    "sheared": sheared,
    "clustered": clustered,
}


def without(mesh: Mesh, hole: Callable[[np.ndarray], np.ndarray]) -> Mesh:
    """A mesh without the faces whose centre lies in a hole."""
    vertices, faces = mesh
    faces = faces[~hole(vertices[faces].mean(axis=1))]
    used, faces = np.unique(faces, return_inverse=True)
    return vertices[used], faces.reshape(-1, 3)


def holed() -> Mesh:
    """A square with a square hole in its middle."""
    return without(regular(), lambda x: (np.abs(x[:, :2] - 0.5) < 1 / 6).all(axis=1))


def cad_cylinder(sections: int = 64) -> Mesh:
    """Radius 1, height 6, in triangles as long as it is, as CAD programs write them."""
    mesh = trimesh.creation.cylinder(1, 6, sections=sections)
    return np.array(mesh.vertices), np.array(mesh.faces, dtype=np.int64)


def box(extents: tuple[float, float, float] = (1, 1, 4), times: int = 2) -> Mesh:
    mesh = trimesh.creation.box(extents)
    for _ in range(times):
        mesh = mesh.subdivide()
    return np.array(mesh.vertices), np.array(mesh.faces, dtype=np.int64)


def hull(count: int = 300) -> Mesh:
    """The hull of random points of a sphere."""
    points = np.random.default_rng(4).normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    faces = ConvexHull(points).simplices.astype(np.int64)
    a, b, c = (points[faces[:, i]] for i in range(3))
    inside_out = (np.cross(b - a, c - a) * a).sum(axis=1) < 0
    faces[inside_out] = faces[inside_out][:, ::-1]
    return points, faces


def coarse_torus(around: int = 24, across: int = 16) -> Mesh:
    """A torus of revolution with saddles all over its inside."""
    i, j = np.meshgrid(np.arange(around), np.arange(across), indexing="ij")
    u, v = 2 * np.pi * i.ravel() / around, 2 * np.pi * j.ravel() / across
    r = 1 + 0.4 * np.cos(v)
    at = lambda a, b: (a % around * across + b % across).ravel()  # noqa: E731
    corners = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)]
    faces = [np.stack([corners[k] for k in triple], axis=1) for triple in ((0, 1, 2), (0, 2, 3))]
    return np.stack([r * np.cos(u), r * np.sin(u), 0.4 * np.sin(v)], axis=1), np.concatenate(faces)


def bumpy() -> Mesh:
    """A closed surface with hills and saddles everywhere."""
    mesh = trimesh.creation.icosphere(subdivisions=3)
    x = np.array(mesh.vertices)
    height = 1 + 0.15 * np.sin(5 * x[:, :1]) * np.cos(4 * x[:, 1:2] + 3 * x[:, 2:])
    return x * height, np.array(mesh.faces, dtype=np.int64)


CLOSED: dict[str, Callable[[], Mesh]] = {
    "cad cylinder": cad_cylinder,
    "box": box,
    "hull": hull,
    "torus": coarse_torus,
    "bumpy": bumpy,
}
