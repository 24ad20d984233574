"""Mesh domains: the icosphere, and any triangle mesh from a file."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
import trimesh
from numpy.typing import NDArray
from torch import Tensor

from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import (
    IMAGE_HALF_WIDTH,
    Domain,
    PoseDistribution,
    SphereDomain,
)
from gaugecnn.surfaces.hierarchy import subdivide
from gaugecnn.surfaces.surface import Surface, surface_from_mesh
from gaugecnn.surfaces.symmetry import Rotation, Symmetry, icosahedral_rotations
from gaugecnn.surfaces.tangent import Array, Index, SphereTangent

MAX_LEVEL = 7
FORMATS = (".ply", ".obj", ".stl", ".off")


class FrameChoice(StrEnum):
    """Which gauge the features are written in; no result may depend on it."""

    aligned = "aligned"
    random = "random"


class MeshDomain(Domain):
    """A domain whose points are the vertices of a surface.

    Attributes:
        surface: its connectivity, areas and tangent geometry.
    """

    def __init__(self, surface: Surface, frames: FrameChoice | str, frame_seed: int) -> None:
        super().__init__(
            (len(surface),), torch.from_numpy(surface.vertices), torch.from_numpy(surface.areas)
        )
        if FrameChoice(frames) is FrameChoice.random:
            random = np.random.default_rng(frame_seed)
            surface = surface.turned(random.uniform(0, 2 * math.pi, len(surface)))
        self.surface = surface

    @property
    def title(self) -> str:
        return self.surface.title


class Icosphere(MeshDomain, SphereDomain):
    """The icosahedron, every edge halved `level` times and pushed onto the unit sphere.

    ``10 * 4^level + 2`` vertices; those of the coarser levels come first.

    Args:
        level: number of subdivisions, 0 to 7.
        frames: ``aligned`` or ``random``.
        frame_seed: seed of random frames.

    Raises:
        UserError: the level is out of range.
    """

    def __init__(
        self, level: int, frames: FrameChoice | str = FrameChoice.aligned, frame_seed: int = 0
    ) -> None:
        if not 0 <= level <= MAX_LEVEL:
            raise UserError(f"expected 0 <= domain.level <= {MAX_LEVEL}, got {level}")
        self.level = level
        solid = trimesh.creation.icosahedron()
        vertices, faces = np.asarray(solid.vertices), np.asarray(solid.faces, dtype=np.int64)
        for _ in range(level):
            vertices, faces = subdivide(vertices, faces)
            vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
        tangent = SphereTangent.aligned(vertices)
        title = f"icosphere(level={level})"
        surface = Surface(title, vertices, faces, tangent, 4 * math.pi)
        super().__init__(surface, frames, frame_seed)

    def symmetries(self) -> list[Symmetry]:
        """The 60 rotations of the icosahedron, which permute the vertices of every level."""
        rotations = icosahedral_rotations(self.points[:12])
        return [Rotation(f"icosahedral {i}", r, self) for i, r in enumerate(rotations)]


class TriangleMesh(MeshDomain):
    """Any orientable triangle mesh, scaled to the area ``4 pi`` of the unit sphere.

    A pose is a vertex and an angle: the image is laid down through the logarithmic map of the
    vertex, at radius ``2 tan(r/2)``, its columns along e1 and its rows along -e2, turned by the
    angle. On a mesh of the unit sphere this is the picture that `Icosphere` draws.

    Args:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        name: what to call it in messages.
        frames: ``aligned`` or ``random``.
        frame_seed: seed of random frames.

    Raises:
        UserError: the arrays are not a triangle mesh.
    """

    def __init__(
        self,
        vertices: Array,
        faces: Index,
        name: str = "mesh",
        frames: FrameChoice | str = FrameChoice.aligned,
        frame_seed: int = 0,
    ) -> None:
        vertices, faces = np.asarray(vertices, np.float64), np.asarray(faces, np.int64)
        validate(name, vertices, faces)
        super().__init__(surface_from_mesh(name, vertices, faces), frames, frame_seed)
        # The pose of an unrotated image: at the lowest vertex, columns as near to +x as they go.
        self._lowest = int(np.argmin(self.surface.vertices[:, 2]))
        frame = self.surface.tangent.frames[self._lowest]
        self._upright = math.atan2(frame[1, 0], frame[0, 0])

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        frames: FrameChoice | str = FrameChoice.aligned,
        frame_seed: int = 0,
    ) -> TriangleMesh:
        """Load a ``.ply``, ``.obj``, ``.stl`` or ``.off`` file through trimesh."""
        path = Path(path)
        if not path.is_file():
            raise UserError(f"domain.file: no mesh file at {path.absolute()}")
        if path.suffix.lower() not in FORMATS:
            raise UserError(f"domain.file: expected one of {', '.join(FORMATS)}, got {path.name}")
        try:
            loaded = trimesh.load_mesh(path, process=False)
        except Exception as error:  # trimesh raises whatever its parsers meet
            raise UserError(f"domain.file: {path} could not be read: {error}") from error
        if not isinstance(loaded, trimesh.Trimesh):
            raise UserError(f"domain.file: {path} holds no triangle mesh")
        if path.suffix.lower() == ".stl":
            loaded.merge_vertices()  # STL repeats each vertex in each of its faces
        return cls(loaded.vertices, loaded.faces, path.name, frames, frame_seed)

    def sample_poses(
        self, count: int, rotation: PoseDistribution, generator: torch.Generator
    ) -> Tensor:
        """Poses (vertex, angle), ``(count, 2)``: vertices are drawn in proportion to area."""
        vertex = torch.full((count,), float(self._lowest))
        angle = torch.full((count,), self._upright)
        if rotation is not PoseDistribution.none:
            angle = 2 * math.pi * torch.rand(count, generator=generator)
        if rotation is PoseDistribution.so3:
            weights = torch.from_numpy(self.surface.areas)
            vertex = torch.multinomial(weights, count, True, generator=generator).float()
        return torch.stack([vertex, angle], dim=-1)

    def image_coordinates(self, poses: Tensor) -> Tensor:
        """Logarithmic map at each pose's vertex, turned by its angle, ``(count, vertex, 2)``."""
        polar = [self.surface.tangent.logarithms_at(int(v)) for v in poses[:, 0].tolist()]
        radius = torch.as_tensor(np.stack([r for r, _ in polar])).to(poses)  # (count, vertex)
        theta = torch.as_tensor(np.stack([angle for _, angle in polar])).to(poses)
        plane = 2 * torch.tan(radius.clamp_max(math.pi / 2) / 2) / IMAGE_HALF_WIDTH
        turned = theta - poses[:, 1:]
        coordinates = torch.stack([plane * turned.cos(), -plane * turned.sin()], dim=-1)
        inside = (radius <= math.pi / 2) & (coordinates.abs() <= 1).all(-1)
        return coordinates.where(inside[..., None], torch.full_like(coordinates, math.nan))


def validate(name: str, vertices: Array, faces: Index) -> None:
    """Refuse arrays that are no triangle mesh, before any geometry is computed.

    Raises:
        UserError: naming the mesh, what is wrong, how often, and the first indices.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1:] != (3,):
        raise UserError(
            f"{name}: expected vertices (vertex, 3) and faces (face, 3), "
            f"got {vertices.shape} and {faces.shape}"
        )
    if len(faces) == 0:
        raise UserError(f"{name}: expected at least one face, got none")
    outside = ((faces < 0) | (faces >= len(vertices))).any(axis=1)
    _refuse(name, f"faces with an index outside 0..{len(vertices) - 1}", outside)
    finite = np.isfinite(vertices).all(axis=1)
    _refuse(name, "vertices that are not finite", ~finite)
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    _refuse(name, "faces without area", area <= 1e-12 * area.mean())
    _refuse(name, "unused vertices", ~used)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    _refuse(name, "edges with more than two faces", count > 2, unique)


def _refuse(
    name: str, kind: str, bad: NDArray[np.bool_] | np.bool_, labels: Index | None = None
) -> None:
    if bad.any():
        first = np.flatnonzero(bad)[:5]
        shown = first.tolist() if labels is None else labels[first].tolist()
        raise UserError(f"{name}: {int(bad.sum())} {kind}, the first: {shown}")
