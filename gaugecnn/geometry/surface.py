"""Surface: a triangulated surface, or a coarser level of one, with the geometry layers may use.

Layers, pooling and poses see a surface through its areas and its tangent geometry (logarithm and
transport) alone, never through the positions of its vertices. The levels of a surface are nested
subsets of its vertices and share one tangent geometry, that of the finest.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.mesh_tangent import MeshTangent
from gaugecnn.geometry.sphere_tangent import SphereTangent
from gaugecnn.geometry.tangent import Tangent

ROUND = 1e-5
"""How far, over its radius, the vertices of a sphere may lie from it."""

WIDEST, UNEVEN = 0.62, 1.8
"""Circumradius of the largest face of a sphere, at most: over the sphere's radius, where that of an
icosahedron is 0.61, and over that of a face if all were alike."""


class Surface:
    """Vertices of a mesh in float64: connectivity, areas, tangent geometry.

    Args:
        title: what to call it in messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``, counter-clockwise seen from outside.
        areas: of each vertex ``(vertex,)``.
        tangent: the tangent geometry of the finest level.
        index: the vertices' own indices there, ascending ``(vertex,)``; all of them when None.
        origins: the faces of the meshes that it is known to be a midpoint subdivision of, the
            nearest one first; their vertices are the first ones here.
    """

    def __init__(
        self,
        title: str,
        vertices: Array,
        faces: Index,
        areas: Array,
        tangent: Tangent,
        index: Index | None = None,
        origins: tuple[Index, ...] = (),
    ) -> None:
        self.title = title
        self.vertices = vertices
        self.faces = faces
        self.areas = areas
        self.tangent = tangent
        self.index = np.arange(len(vertices)) if index is None else index
        self.origins = origins

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
    def mesh(self) -> Connectivity:
        """How the faces meet."""
        return Connectivity(self.faces, len(self))

    @cached_property
    def one_ring(self) -> Discs:
        """The edges, both ways, but those without one shortest geodesic between their ends."""
        target, source = self.mesh.neighbours
        return self._own(self.tangent.between(self.index[target], self.index[source]))

    @cached_property
    def mean_edge(self) -> float:
        """The mean geodesic length of an edge."""
        return float(self.one_ring.distance.mean())

    def discs(self, radius: float, among: Surface | None = None) -> Discs:
        """All vertices of `among` at most `radius` from each vertex of this level.

        Args:
            radius: a length.
            among: another level of the same surface, whose vertices are looked for; this one when
                None.

        Returns:
            the pairs, `base` on this level and `vertex` on the other; a vertex is not in its own.
        """
        return self._own(_around(self, radius), among)

    def neighbours(self, radius: float) -> Discs:
        """The pairs at most `radius` apart, and the one ring however long its edges are."""
        ring, discs = self.one_ring, self.discs(radius)
        key, known = (pairs.base * len(self) + pairs.vertex for pairs in (ring, discs))
        return Discs.joined([discs, ring.where(~np.isin(key, known))])

    def _own(self, found: Discs, among: Surface | None = None) -> Discs:
        """Pairs of vertices of the finest level by their indices on this level and another."""
        columns = among or self
        place = np.full(len(self.tangent.frames), -1)
        place[columns.index] = np.arange(len(columns))
        there = found.where(place[found.vertex] >= 0)
        base = np.searchsorted(self.index, there.base)
        return there.renamed(base, place[there.vertex])

    def turned(self, angles: Array) -> Surface:
        """The same surface with every frame turned by its own angle ``(vertex,)`` in radians."""
        tangent = self.tangent.turned(angles)
        arrays = self.vertices, self.faces, self.areas
        return Surface(self.title, *arrays, tangent, self.index, self.origins)


@lru_cache(maxsize=1)  # pooling and the convolution behind it ask for the same discs
def _around(surface: Surface, radius: float) -> Discs:
    """The discs of the vertices of a level among those of the finest."""
    return surface.tangent.discs(radius, surface.index)


def surface_from_mesh(title: str, vertices: Array, faces: Index) -> Surface:
    """A surface of area ``4 pi`` about its centre of area; a mesh of a sphere is that sphere."""
    mesh = Connectivity(faces, len(vertices))
    centred = vertices - vertices[faces].mean(axis=(0, 1))
    size = math.sqrt(4 * math.pi / (_doubled_areas(centred, faces).sum() / 2))
    areas = vertex_areas(centred, faces, 4 * math.pi)
    scaled = (centred - areas @ centred / areas.sum()) * size
    round_ = _on_a_sphere(scaled, mesh)
    if round_ is not None:
        areas = vertex_areas(round_, faces, 4 * math.pi)
        return Surface(title, round_, faces, areas, SphereTangent.aligned(round_))
    return Surface(title, scaled, faces, areas, MeshTangent(title, scaled, mesh))


def _on_a_sphere(vertices: Array, mesh: Connectivity) -> Array | None:
    """The vertices on the unit sphere about its centre, if the mesh is a sphere in one layer.

    That is: closed, in one piece, of the sphere's topology, all vertices on one sphere to `ROUND`,
    its faces of about one size, no larger than those of an icosahedron, and all seen from the
    centre the right way. A hull of random points is no sphere, it has large faces.
    """
    euler = len(vertices) - len(mesh.edges) + len(mesh.faces)
    if mesh.on_boundary.any() or euler != 2 or mesh.components[0] > 1:
        return None
    # |v|^2 = 2 v . c + (R^2 - |c|^2), linear in c and the bracket
    columns = np.concatenate([2 * vertices, np.ones((len(vertices), 1))], axis=1)
    (*centre, _), *_ = np.linalg.lstsq(columns, (vertices**2).sum(1), rcond=None)
    out = vertices - np.array(centre)
    radius = np.linalg.norm(out, axis=1)
    mean = float(radius.mean())
    if np.abs(radius - mean).max() > ROUND * mean:
        return None
    a, b, c = (out / radius[:, None])[mesh.faces].swapaxes(0, 1)
    normal = np.cross(b - a, c - a)
    height = (normal * a).sum(1) / np.linalg.norm(normal, axis=1)  # of the face over the centre
    alike = math.sqrt(16 * math.pi / (3 * math.sqrt(3) * len(mesh.faces)))
    widest = min(WIDEST, UNEVEN * alike)
    return out / radius[:, None] if (height >= math.sqrt(1 - widest**2)).all() else None


def vertex_areas(vertices: Array, faces: Index, total: float) -> Array:
    """A third of the faces around each vertex ``(vertex,)``, scaled to sum to `total`."""
    shares = np.repeat(_doubled_areas(vertices, faces), 3)
    areas = np.bincount(faces.ravel(), weights=shares, minlength=len(vertices))
    return areas * (total / areas.sum())


def _doubled_areas(vertices: Array, faces: Index) -> Array:
    corners = vertices[faces]  # (face, corner, xyz)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.linalg.norm(normal, axis=1)
