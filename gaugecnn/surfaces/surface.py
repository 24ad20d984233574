"""Surface: a triangulated surface with the geometry that layers may use.

Layers, pooling and poses see a surface through its areas and its tangent geometry (logarithm and
transport) alone, never through the positions of its vertices.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from gaugecnn.surfaces.tangent import Array, Index, MeshTangent, SphereTangent, Tangent


class Surface:
    """A triangle mesh in float64: connectivity, areas, tangent geometry.

    Args:
        title: what to call it in messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``, counter-clockwise seen from outside.
        tangent: its tangent geometry.
        total_area: what the areas sum to.
    """

    def __init__(
        self, title: str, vertices: Array, faces: Index, tangent: Tangent, total_area: float
    ) -> None:
        self.title = title
        self.vertices = vertices
        self.faces = faces
        self.tangent = tangent
        corners = vertices[faces]  # (face, corner, xyz)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        shares = np.repeat(np.linalg.norm(normal, axis=1), 3)
        areas = np.bincount(faces.ravel(), weights=shares, minlength=len(vertices))
        self.areas = areas * (total_area / areas.sum())

    def __len__(self) -> int:
        return len(self.vertices)

    def __repr__(self) -> str:
        return f"{self.title}[{len(self)} vertices]"

    @property
    def total_area(self) -> float:
        """The area of the surface."""
        return float(self.areas.sum())

    @cached_property
    def one_ring(self) -> tuple[Index, Index]:
        """The edges, both ways, as (target p, source q), sorted by target, ``(edge,)`` each."""
        a, b, c = self.faces.T
        both = np.stack([np.concatenate([a, b, b, c, c, a]), np.concatenate([b, a, c, b, a, c])])
        edges = np.unique(both, axis=1)  # sorted by target, then source
        return edges[0], edges[1]

    @cached_property
    def mean_edge(self) -> float:
        """The mean geodesic length of an edge."""
        return float(self.tangent.logarithms(*self.one_ring)[0].mean())

    def turned(self, angles: Array) -> Surface:
        """The same surface with every frame turned by its own angle ``(vertex,)`` in radians."""
        return Surface(
            self.title, self.vertices, self.faces, self.tangent.turned(angles), self.total_area
        )


def surface_from_mesh(title: str, vertices: Array, faces: Index) -> Surface:
    """A surface of area ``4 pi``; a mesh inscribed in a sphere about the origin is that sphere."""
    radius = np.linalg.norm(vertices, axis=1)
    mean = float(radius.mean())
    if np.abs(radius - mean).max() < 1e-5 * mean:
        points = vertices / radius[:, None]
        return Surface(title, points, faces, SphereTangent.aligned(points), 4 * math.pi)
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    scale = math.sqrt(4 * math.pi / (np.linalg.norm(normal, axis=1).sum() / 2))
    scaled = vertices * scale
    return Surface(title, scaled, faces, MeshTangent(scaled, faces), 4 * math.pi)
