"""Mesh domains: the icosphere, and any triangle mesh from a file."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gaugecnn.choices import FrameChoice, Repair
from gaugecnn.domain_options import check_level
from gaugecnn.errors import GaugecnnWarning
from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.canonical import TOLERANCE, Order
from gaugecnn.geometry.icosahedron import FACES, VERTICES
from gaugecnn.geometry.loading import Loaded, printable, read_mesh, triangles_of
from gaugecnn.geometry.repair import mended
from gaugecnn.geometry.room import boundary_distance, room_on
from gaugecnn.geometry.sphere_tangent import SphereTangent
from gaugecnn.geometry.subdivision import subdivide
from gaugecnn.geometry.surface import Surface, surface_from_mesh, vertex_areas
from gaugecnn.surfaces.domain import (
    IMAGE_HALF_WIDTH,
    PoseDistribution,
    SphereDomain,
)
from gaugecnn.surfaces.mesh_domain import MeshDomain
from gaugecnn.surfaces.picture_maps import PictureMaps, Placing
from gaugecnn.surfaces.symmetry import Rotation, Symmetry, icosahedral_rotations
from gaugecnn.typed import value

if TYPE_CHECKING:  # slow to import, and only its own objects need it
    import trimesh

AT_ONCE = 64
"""Poses whose logarithmic maps are held at once."""
ROOM = 0.25
"""The least share of a surface on which images may stand: they are made small enough for it."""


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
        check_level(level)
        self.level = level
        vertices, faces = VERTICES.copy(), FACES.copy()
        origins: tuple[Index, ...] = ()
        for _ in range(level):
            origins = (faces, *origins)
            vertices, faces = subdivide(vertices, faces)
            vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
        title = f"icosphere(level={level})"
        areas = vertex_areas(vertices, faces, 4 * math.pi)
        tangent = SphereTangent.aligned(vertices)
        surface = Surface(title, vertices, faces, areas, tangent, None, origins)
        super().__init__(surface, frames, frame_seed)

    def symmetries(self) -> list[Symmetry]:
        """The 60 rotations of the icosahedron, which permute the vertices of every level."""
        rotations = icosahedral_rotations(self.points[:12])
        return [Rotation(f"icosahedral {i}", r, self) for i, r in enumerate(rotations)]


class TriangleMesh(MeshDomain):
    """Any orientable triangle mesh, scaled to the area ``4 pi`` of the unit sphere.

    A pose is a vertex and an angle: the image is laid down through the logarithmic map of the
    vertex, at radius ``2 tan(r/2)``, its columns along e1 and its rows along -e2, turned by the
    angle. On a mesh of the unit sphere this is the picture that `Icosphere` draws. Images stand
    where geodesics of their half-width neither meet again nor cross the boundary; where that is
    nowhere or hardly anywhere, they are scaled down, and a warning says so. Images that are not
    rotated stand on the lowest such vertex, on an open mesh on the one farthest from the boundary.

    Args:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        name: what to call it in messages.
        frames: ``aligned`` or ``random``.
        frame_seed: seed of random frames.
        repair: ``safe`` mends what has one sensible answer and says so; ``strict`` refuses it.
        said: what was done to the arrays before, in sentences that head `repairs`.

    Attributes:
        repairs: what was mended, a sentence for each kind with its count.
        vertex_map: the index, among the given vertices, of each vertex that is kept ``(vertex,)``;
            a vertex that was parted repeats its index.
        given: how many vertices were given, those of an .stl file once its corners are joined.
        kept: the index of each vertex among those ``(vertex,)``.

    Raises:
        UserError: the arrays are not a triangle mesh, or cannot be mended.
    """

    def __init__(
        self,
        vertices: Array,
        faces: Index,
        name: str = "mesh",
        frames: FrameChoice | str = FrameChoice.aligned,
        frame_seed: int = 0,
        repair: Repair | str = Repair.safe,
        said: Sequence[str] = (),
    ) -> None:
        how = value(Repair, repair, "domain.repair")
        mesh = mended(name, np.asarray(vertices), np.asarray(faces), how, tuple(said))
        super().__init__(surface_from_mesh(name, mesh.vertices, mesh.faces), frames, frame_seed)
        self.repairs = list(mesh.repairs)
        self.vertex_map = mesh.vertex_map
        self.given = len(vertices)
        self.kept = torch.from_numpy(mesh.vertex_map)

    @property
    def mended(self) -> list[str]:
        return self.repairs

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        frames: FrameChoice | str = FrameChoice.aligned,
        frame_seed: int = 0,
        repair: Repair | str = Repair.safe,
    ) -> TriangleMesh:
        """Load a ``.ply``, ``.obj``, ``.stl`` or ``.off`` file, see `read_mesh`."""
        name = printable(Path(path).name)
        return cls._loaded(read_mesh(path), name, frames, frame_seed, repair)

    @classmethod
    def from_trimesh(
        cls,
        mesh: trimesh.Trimesh | trimesh.Scene,
        name: str = "mesh",
        frames: FrameChoice | str = FrameChoice.aligned,
        frame_seed: int = 0,
        repair: Repair | str = Repair.safe,
    ) -> TriangleMesh:
        """The surface of a `trimesh.Trimesh`, or of all those of a `trimesh.Scene` together."""
        return cls._loaded(triangles_of(mesh, name), name, frames, frame_seed, repair)

    @classmethod
    def _loaded(
        cls,
        given: Loaded,
        name: str,
        frames: FrameChoice | str,
        frame_seed: int,
        repair: Repair | str,
    ) -> TriangleMesh:
        mesh = cls(given.vertices, given.faces, name, frames, frame_seed, repair, given.said)
        mesh.vertex_map = given.vertex_map[mesh.vertex_map]
        return mesh

    def sample_poses(
        self, count: int, rotation: PoseDistribution, generator: torch.Generator
    ) -> Tensor:
        """Poses (vertex, angle), ``(count, 2)``: vertices are drawn in proportion to area."""
        if rotation is PoseDistribution.none:
            return self.turned_poses(torch.zeros(count))
        angles = 2 * math.pi * torch.rand(count, generator=generator)
        if rotation is PoseDistribution.z:
            return self.turned_poses(angles)
        room = self.placing.room
        weights = torch.from_numpy(self.surface.areas[room])
        vertex = torch.multinomial(weights, count, True, generator=generator)
        return torch.stack([torch.from_numpy(room)[vertex].float(), angles], dim=-1)

    def turned_poses(self, angles: Tensor) -> Tensor:
        """Poses at the vertex of unrotated images, ``(count, 2)``; columns turn towards -e2."""
        upright = self.placing.upright
        e1, e2 = self.surface.frames[upright, :2, 0]
        angles = math.atan2(e2, e1) - angles.float()
        return torch.stack([torch.full_like(angles, float(upright)), angles], dim=-1)

    def image_coordinates(self, poses: Tensor) -> Tensor:
        """Logarithmic map at each pose's vertex, turned by its angle, ``(count, vertex, 2)``."""
        found = poses.new_full((len(poses), len(self.surface), 2), math.nan)
        for part in torch.arange(len(poses)).split(AT_ONCE):  # maps are larger than pictures
            self._lay(poses[part], found[part[0] : part[-1] + 1])
        return found

    def _lay(self, poses: Tensor, found: Tensor) -> None:
        """Write the image coordinates of some poses ``(count, vertex, 2)``, where there are any."""
        maps = self._maps.around(poses[:, 0].long().cpu().numpy())
        count = torch.tensor([len(vertex) for vertex, _, _ in maps])
        vertex, r, theta = (torch.from_numpy(np.concatenate(v)) for v in zip(*maps, strict=True))
        image = torch.arange(len(poses)).repeat_interleave(count)
        image, vertex = image.to(poses.device), vertex.to(poses.device)
        plane = 2 * torch.tan(r.to(poses) / 2) / self.placing.half_width
        turned = theta.to(poses) - poses[image, 1]
        place = torch.stack([plane * turned.cos(), -plane * turned.sin()], dim=-1)
        inside = (place.abs() <= 1).all(-1)
        found[image[inside], vertex[inside]] = place[inside]

    @cached_property
    def placing(self) -> Placing:
        """Images of full width, or of that for which there is room on `ROOM` of the surface."""
        full = 2 * math.atan(IMAGE_HALF_WIDTH / 2)
        radii, areas = room_on(self.surface), self.surface.areas
        widest = np.argsort(-radii)
        enough = np.searchsorted(np.cumsum(areas[widest]), ROOM * areas.sum())
        reach = min(full, float(radii[widest[enough]]))
        if reach < full:
            warnings.warn(
                f"{self.title}: images are {math.tan(reach / 2) / math.tan(full / 2):.2f} times as "
                f"wide as on the unit sphere: geodesics of length {full:.2f} would meet again or "
                f"cross the boundary",
                GaugecnnWarning,
                stacklevel=2,
            )
        room = np.flatnonzero(radii >= reach)
        return Placing(2 * math.tan(reach / 2), room, self._middle(room))

    def _middle(self, room: Index) -> int:
        """Of the vertices `room` the lowest; on an open mesh the farthest from the boundary."""
        surface = self.surface
        best = boundary_distance(surface)[room]
        if not surface.mesh.on_boundary.any():
            best = -surface.vertices[room, 2]
        return Order(surface.vertices, surface.areas).first(room[best >= best.max() - TOLERANCE])

    @cached_property
    def _maps(self) -> PictureMaps:
        farthest = 2 * math.atan(self.placing.half_width / math.sqrt(2))  # the corners of an image
        return PictureMaps(self.surface, min(farthest, math.pi / 2))
