"""Meshes whose geodesics are known, and an independent witness for the others."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pygeodesic.geodesic
import trimesh
from scipy.spatial import ConvexHull, Delaunay

from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.mesh_tangent import MeshTangent
from tests.geometry.damage import torus

Mesh = tuple[np.ndarray, np.ndarray]


def tangent_of(vertices: np.ndarray, faces: np.ndarray) -> MeshTangent:
    """The tangent geometry of a mesh as it is, in its own unit."""
    return MeshTangent("mesh", vertices, Connectivity(faces, len(vertices)))


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


def coarse_torus() -> Mesh:
    return torus(24, 16)


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


class Witness:
    """Exact polyhedral geodesics of another program, pygeodesic (Surazhsky et al. 2005)."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self._tangent = tangent_of(vertices, faces)
        self._vertices = vertices
        self._solver = pygeodesic.geodesic.PyGeodesicAlgorithmExact(
            vertices.astype(float), faces.astype(np.int32)
        )

    def distances(self, base: int) -> np.ndarray:
        """From one vertex to all ``(vertex,)``."""
        return self._solver.geodesicDistances(np.array([base]), None)[0]

    def direction(self, base: int, vertex: int) -> float:
        """Rescaled direction in which its geodesic leaves a vertex, from the zero of the ring."""
        _, path = self._solver.geodesicDistance(base, vertex)
        if np.linalg.norm(path[0] - self._vertices[base]) > 1e-9:
            path = path[::-1]
        step = path[1] - path[0]
        mesh, ring = self._tangent.mesh, self._tangent.ring
        best = (math.inf, 0.0)
        for side in np.flatnonzero(mesh.start == base):
            k = mesh.start[side - side % 3 + (side + 2) % 3]
            u, w = (self._vertices[v] - path[0] for v in (mesh.end[side], k))
            (a, b), residual, *_ = np.linalg.lstsq(np.stack([u, w], axis=1), step, rcond=None)
            outside = float(residual.sum()) + max(-a, 0) + max(-b, 0)
            across = np.linalg.norm(np.cross(u, step))
            best = min(best, (outside, ring.start[side] + math.atan2(across, u @ step)))
        return best[1] * ring.scale[base]
