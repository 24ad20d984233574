"""Domain: where a function is sampled, and where an image lands on it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import scipy
import torch
from torch import Tensor, nn

from gaugecnn.choices import PoseDistribution
from gaugecnn.errors import UserError
from gaugecnn.surfaces.rotations import random_rotations, rotation_about_z
from gaugecnn.surfaces.symmetry import Symmetry

IMAGE_HALF_WIDTH = 1.5
"""Half-width of an image in the plane tangent to the unit sphere at the south pole."""


class Domain(nn.Module, ABC):
    """Sample points of a surface, with everything that rendering and averaging need.

    Attributes:
        shape: the point axes of a signal ``(batch, channel, *shape)``.
        points: positions ``(point, 3)``; NaN for samples outside the surface.
        areas: area of each point ``(point,)``; they sum to the area of the surface.
        given: of a surface from a file, how many vertices the file has; None for others.
        kept: the index of each point among those ``(point,)``.
        freest: the widest distribution of poses that there is.
    """

    points: Tensor
    areas: Tensor
    given: int | None = None
    kept: Tensor
    freest: PoseDistribution = PoseDistribution.so3

    def __init__(self, shape: tuple[int, ...], points: Tensor, areas: Tensor) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("points", points.double(), persistent=False)
        self.register_buffer("areas", areas.double(), persistent=False)

    @property
    @abstractmethod
    def title(self) -> str:
        """A short unique description, such as ``icosphere(level=4)``."""

    @property
    def fingerprint(self) -> str:
        """What tells this domain from every other: equal for domains on which signals agree."""
        return self.title

    @property
    def normals(self) -> Tensor:
        """The outward unit normal at each point ``(point, xyz)``, on a sphere the point itself."""
        return self.points

    @property
    def mended(self) -> list[str]:
        """What was mended of the surface when it was loaded, in sentences."""
        return []

    @abstractmethod
    def sample_poses(
        self, count: int, rotation: PoseDistribution, generator: torch.Generator
    ) -> Tensor:
        """Poses of `count` images, ``(count, *pose axes)``, drawn on the CPU in float32."""

    @abstractmethod
    def turned_poses(self, angles: Tensor) -> Tensor:
        """The pose of an unrotated image turned in its own plane, ``(count, *pose axes)``.

        From its columns towards its rows: on a sphere about the z axis, from +x towards +y.

        Args:
            angles: by how much, in radians ``(count,)``.
        """

    @abstractmethod
    def image_coordinates(self, poses: Tensor) -> Tensor:
        """Where in the image plane each point falls, ``(count, *shape, 2)``, NaN where nowhere.

        The last axis is (column, row) in [-1, 1], rows downwards.
        """

    def symmetries(self) -> list[Symmetry]:
        """Isometries that carry the points onto themselves: a group, or what generates one."""
        return []

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        """Geometry moves with a network and is never rounded to its precision."""
        exact = dict(self.named_buffers(recurse=False))
        super()._apply(fn, recurse)
        for name, buffer in exact.items():
            setattr(self, name, buffer.to(getattr(self, name).device))
        return self

    def extra_repr(self) -> str:
        return self.title


class RotatedDomain(Domain):
    """A domain whose images are turned in space: a pose is a rotation ``(3, 3)``."""

    def sample_poses(
        self, count: int, rotation: PoseDistribution, generator: torch.Generator
    ) -> Tensor:
        if rotation is PoseDistribution.none:
            return torch.eye(3).expand(count, 3, 3)
        if rotation is PoseDistribution.z:
            return self.turned_poses(random_angles(count, generator))
        if self.freest is not PoseDistribution.so3:
            raise UserError(
                f"expected the poses none or z on {self.title}, which turns in itself, got so3"
            )
        return random_rotations(count, generator).float()

    def turned_poses(self, angles: Tensor) -> Tensor:
        return rotation_about_z(angles.double()).float()


class SphereDomain(RotatedDomain):
    """A domain on the unit sphere, on which images are turned about any axis."""

    def image_coordinates(self, poses: Tensor) -> Tensor:
        """Stereographic projection of ``R^T x`` from the north pole, southern hemisphere only."""
        points = self.points.to(poses)
        unposed = torch.einsum("pi,nij->njp", points, poses)  # (image, xyz, point) = R^T x
        return stereographic(unposed.movedim(1, -1)).unflatten(1, self.shape)

    def permutation(self, isometry: Tensor) -> Tensor:
        """The index of ``Q^T x_i`` among the points, ``(point,)``, so ``(L_Q f)_i = f[index_i]``.

        Raises:
            ValueError: the isometry ``(3, 3)`` does not carry the points onto themselves.
        """
        return matching_points(self.points, self.points @ isometry.to(self.points), self.title)


def random_angles(count: int, generator: torch.Generator) -> Tensor:
    """Angles uniform on the circle, in radians ``(count,)``, float64."""
    return 2 * math.pi * torch.rand(count, generator=generator, dtype=torch.float64)


def stereographic(points: Tensor) -> Tensor:
    """Image coordinates (column, row) of points ``(..., 3)`` of the unit sphere, NaN outside.

    Columns run along +x, rows (downwards) along +y; the projection from the north pole onto the
    plane tangent at the south pole is ``2 (x, y) / (1 - z)``.
    """
    x, y, z = points.unbind(-1)
    scale = (2 / IMAGE_HALF_WIDTH) / (1 - z).clamp_min(1e-12)
    column, row = x * scale, y * scale
    inside = (z <= 0) & (column.abs() <= 1) & (row.abs() <= 1)
    return torch.stack([column, row], dim=-1).masked_fill(~inside[..., None], math.nan)


def matching_points(points: Tensor, moved: Tensor, title: str) -> Tensor:
    """For each of `moved` ``(point, 3)`` the index of the equal row of `points` ``(point, 3)``.

    Raises:
        ValueError: some moved point is not among the points.
    """
    distance, index = scipy.spatial.KDTree(points.cpu().numpy()).query(moved.cpu().numpy())
    if distance.max() > 1e-6 or len(set(index.tolist())) != len(index):
        raise ValueError(
            f"expected an isometry that permutes the points of {title}; "
            f"this one misses them by up to {distance.max():.2g}"
        )
    return torch.as_tensor(index, device=points.device)
