"""Surface: a triangulated surface, or a coarser level of one, with the geometry layers may use.

Layers, pooling and poses see a surface through its areas and its tangent geometry (logarithm and
transport) alone, never through the positions of its vertices. The levels of a surface are nested
subsets of its vertices and share one tangent geometry, that of the finest.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.mesh_tangent import MeshTangent
from gaugecnn.geometry.tangent import SphereTangent, Tangent


class Surface:
    """Vertices of a mesh in float64: connectivity, areas, tangent geometry.

    Args:
        title: what to call it in messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``, counter-clockwise seen from outside.
        areas: of each vertex ``(vertex,)``.
        tangent: the tangent geometry of the finest level.
        index: the vertices' own indices there ``(vertex,)``; all of them when None.
    """

    def __init__(
        self,
        title: str,
        vertices: Array,
        faces: Index,
        areas: Array,
        tangent: Tangent,
        index: Index | None = None,
    ) -> None:
        self.title = title
        self.vertices = vertices
        self.faces = faces
        self.areas = areas
        self.tangent = tangent
        self.index = np.arange(len(vertices)) if index is None else index

    def __len__(self) -> int:
        return len(self.vertices)

    def __repr__(self) -> str:
        return f"{self.title}[{len(self)} vertices]"

    @property
    def total_area(self) -> float:
        """The area of the surface."""
        return float(self.areas.sum())

    @property
    def frames(self) -> Array:
        """The tangent frame of each vertex ``(vertex, frame vector, xyz)``."""
        return self.tangent.frames[self.index]

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
        p, q = self.one_ring
        return float(self.tangent.logarithms(self.index[p], self.index[q])[0].mean())

    def turned(self, angles: Array) -> Surface:
        """The same surface with every frame turned by its own angle ``(vertex,)`` in radians."""
        tangent = self.tangent.turned(angles)
        return Surface(self.title, self.vertices, self.faces, self.areas, tangent, self.index)


def surface_from_mesh(title: str, vertices: Array, faces: Index) -> Surface:
    """A surface of area ``4 pi``; a mesh inscribed in a sphere about the origin is that sphere."""
    radius = np.linalg.norm(vertices, axis=1)
    mean = float(radius.mean())
    boundary = len(boundary_edges(faces)) > 0
    if not boundary and np.abs(radius - mean).max() < 1e-5 * mean:
        points = vertices / radius[:, None]
        areas = vertex_areas(points, faces, 4 * math.pi)
        return Surface(title, points, faces, areas, SphereTangent.aligned(points))
    scale = math.sqrt(4 * math.pi / (_doubled_areas(vertices, faces).sum() / 2))
    scaled = vertices * scale
    areas = vertex_areas(scaled, faces, 4 * math.pi)
    return Surface(title, scaled, faces, areas, MeshTangent(title, scaled, faces))


def vertex_areas(vertices: Array, faces: Index, total: float) -> Array:
    """A third of the faces around each vertex ``(vertex,)``, scaled to sum to `total`."""
    shares = np.repeat(_doubled_areas(vertices, faces), 3)
    areas = np.bincount(faces.ravel(), weights=shares, minlength=len(vertices))
    return areas * (total / areas.sum())


def boundary_edges(faces: Index) -> Index:
    """The edges that belong to one face only, ``(edge, 2)``."""
    sides = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, count = np.unique(sides, axis=0, return_counts=True)
    return edges[count == 1]


def _doubled_areas(vertices: Array, faces: Index) -> Array:
    corners = vertices[faces]  # (face, corner, xyz)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.linalg.norm(normal, axis=1)
