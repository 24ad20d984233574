"""Exact polyhedral geodesics by two other programs.

Distances are those of pygeodesic (Surazhsky et al. 2005); directions those of the straight lines
into which potpourri3d flips edges (Sharp & Crane 2020), where it finds the shortest one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import potpourri3d
import pygeodesic.geodesic

from gaugecnn.geometry.connectivity import Connectivity, preceding
from gaugecnn.geometry.mesh_tangent import MeshTangent

SHORTEST = 1e-4
"""Least first and last step of a line: its points are good to some 1e-12, and shorter steps do not
say its direction."""


class Geodesic(NamedTuple):
    """A straight line from p to q: its length, and how it leaves p and q, in their frames."""

    length: float
    leaves: float
    arrives: float


class Witness:
    """What others say of a mesh.

    Args:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
    """

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self.vertices = vertices
        self.tangent = MeshTangent("mesh", vertices, Connectivity(faces, len(vertices)))
        self._exact = pygeodesic.geodesic.PyGeodesicAlgorithmExact(vertices, faces.astype(np.int32))
        self._flips = potpourri3d.EdgeFlipGeodesicSolver(vertices, faces)

    def distances(self, base: int) -> np.ndarray:
        """From one vertex to all ``(vertex,)``."""
        return self._exact.geodesicDistances(np.array([base]), None)[0]

    def geodesic(self, p: int, q: int) -> Geodesic | None:
        """The line from p to q that edge flips find; None where they find none of use."""
        try:
            path = np.asarray(self._flips.find_geodesic_path(p, q))
        except RuntimeError:
            return None
        steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        if min(steps[0], steps[-1]) < SHORTEST:
            return None
        return Geodesic(
            float(steps.sum()), self._direction(p, path[1]), self._direction(q, path[-2])
        )

    def _direction(self, base: int, point: np.ndarray) -> float:
        """Rescaled direction of a point on the faces around a vertex, from the zero of the ring."""
        mesh, ring, step = self.tangent.mesh, self.tangent.ring, point - self.vertices[base]
        best = (math.inf, 0.0)
        for side in np.flatnonzero(mesh.start == base):
            third = mesh.start[preceding(side)]
            u, w = (self.vertices[v] - self.vertices[base] for v in (mesh.end[side], third))
            normal = np.cross(u, w) / np.linalg.norm(np.cross(u, w))
            angle = math.atan2(normal @ np.cross(u, step), u @ step)
            outside = abs(normal @ step) / np.linalg.norm(step)
            outside += max(-angle, 0) + max(angle - ring.corner[side], 0)
            best = min(best, (outside, ring.start[side] + angle))
        return best[1] * ring.scale[base]
