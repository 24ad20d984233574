"""Planar charts: pictures ``(row, column)`` whose pixels are points of the sphere or the plane."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gaugecnn.choices import ChartKind, PoseDistribution, choice
from gaugecnn.domain_options import check_size
from gaugecnn.surfaces.domain import Domain, RotatedDomain, SphereDomain, matching_points
from gaugecnn.surfaces.lat_lon import grid_symmetries, quadrature_weights, soft_colatitudes
from gaugecnn.surfaces.rotations import points_from_angles
from gaugecnn.surfaces.symmetry import (
    Reflection,
    Rotation,
    Symmetry,
    reflection_of_x,
    step_about_z,
)

ROUNDING = 1e-6
"""By how much a turned place may leave [-1, 1] and still be on the image's border."""


class EquirectangularChart(SphereDomain):
    """Rows of equal colatitude and columns of equal azimuth: the grid of `LatLonGrid` as a picture.

    With ``size = 2b``, row j lies at ``beta_j = pi (2j + 1) / 4b`` and column k at
    ``alpha_k = 2 pi k / 2b`` (the SOFT grid of Kostelec & Rockmore 2008); the areas are its
    quadrature weights times 4 pi.

    Args:
        size: rows and columns, an even number.

    Raises:
        UserError: the size is odd or below 2.
    """

    def __init__(self, size: int) -> None:
        check_size(ChartKind.equirectangular, size)
        self.size = size
        bandwidth = size // 2
        alpha = 2 * math.pi / size * torch.arange(size, dtype=torch.float64)
        beta, alpha = torch.meshgrid(soft_colatitudes(bandwidth), alpha, indexing="ij")
        points = points_from_angles(beta, alpha).flatten(0, 1)  # (row, column, xyz) -> (point, xyz)
        areas = 4 * math.pi * quadrature_weights(bandwidth).repeat_interleave(size)  # (point,)
        super().__init__((size, size), points, areas)

    @property
    def title(self) -> str:
        return f"chart(equirectangular, size={self.size})"

    def symmetries(self) -> list[Symmetry]:
        """Those that generate all of the grid: a step and a half turn, and a reflection."""
        return grid_symmetries(self, self.size)


class SquareChart(Domain):
    """A square picture about the z axis, columns along +x, rows (downwards) along +y.

    Quarter turns about z and the reflections of the square carry its pixels onto themselves, also
    those that lie outside of the surface.

    Args:
        size: rows and columns.
        place: where the pixels of a row or a column lie ``(size,)``.
        points: positions ``(point, 3)``.
        areas: area of each point ``(point,)``.
    """

    pixels: Tensor

    def __init__(self, size: int, place: Tensor, points: Tensor, areas: Tensor) -> None:
        super().__init__((size, size), points, areas)
        self.size = size
        x, y = _square(place)
        # One unit above the plane, a pixel (x, y, 1) stays in it only under isometries of z.
        pixels = torch.stack([x, y, torch.ones_like(x)], dim=-1)  # (point, 3)
        self.register_buffer("pixels", pixels, persistent=False)

    def permutation(self, isometry: Tensor) -> Tensor:
        """The index of ``Q^T x_i`` among the pixels, ``(point,)``, so ``(L_Q f)_i = f[index_i]``.

        Raises:
            ValueError: the isometry ``(3, 3)`` does not carry the pixels onto themselves.
        """
        return matching_points(self.pixels, self.pixels @ isometry.to(self.pixels), self.title)

    def symmetries(self) -> list[Symmetry]:
        """The three quarter turns of the square, and its four reflections."""
        quarter, flip = step_about_z(4), reflection_of_x()
        turns = [torch.linalg.matrix_power(quarter, k) for k in range(4)]
        names = ("quarter turn", "half turn about z", "three quarter turns")
        rotations = [Rotation(n, q, self) for n, q in zip(names, turns[1:], strict=True)]
        mirrors = ("of the columns", "of the diagonal", "of the rows", "of the other diagonal")
        reflections = [
            Reflection(f"reflection {name}", turn @ flip, self)
            for name, turn in zip(mirrors, turns, strict=True)
        ]
        return [*rotations, *reflections]


def _square(place: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates x and y ``(point,)`` of pixels, from where those of a row or a column lie."""
    y, x = torch.meshgrid(place, place, indexing="ij")  # (row, column)
    return x.flatten(), y.flatten()


class AzimuthalChart(SquareChart, SphereDomain):
    """The sphere unrolled about its south pole: distances from the pole are true.

    Pixel i of a row or a column lies at ``((2i + 1) / size - 1) pi``; columns run along +x, rows
    (downwards) along +y, and the distance r of a pixel from the centre is its angle from the south
    pole. Areas go as the Jacobian ``sin(r) / r`` and sum to 4 pi. Pixels with ``r > pi`` are
    outside the sphere: area 0, points NaN, signal 0.

    Args:
        size: rows and columns, at least 2.

    Raises:
        UserError: the size is below 2.
    """

    def __init__(self, size: int) -> None:
        check_size(ChartKind.azimuthal, size)
        place = math.pi * _places(size)
        x, y = _square(place)
        r = torch.hypot(x, y)
        outside = r > math.pi
        jacobian = torch.sinc(r / math.pi).masked_fill(outside, 0.0)  # sin(r) / r
        points = points_from_angles(math.pi - r, torch.atan2(y, x))
        points = points.masked_fill(outside[:, None], math.nan)
        super().__init__(size, place, points, 4 * math.pi * jacobian / jacobian.sum())

    @property
    def title(self) -> str:
        return f"chart(azimuthal, size={self.size})"


class PlaneChart(SquareChart, RotatedDomain):
    """The picture itself: an image fills the square ``[-1, 1]^2``, whose area is 4.

    Pixel i of a row or a column lies at ``(2i + 1) / size - 1``, so that an upright image of just
    this size is shown as it is. A pose is a rotation ``(3, 3)`` about z, which turns the image
    about the middle of the square; what leaves the square is cut off, what enters it is dark.

    Args:
        size: rows and columns, at least 2.

    Raises:
        UserError: the size is below 2.
    """

    freest = PoseDistribution.z

    def __init__(self, size: int) -> None:
        check_size(ChartKind.plane, size)
        place = _places(size)
        x, y = _square(place)
        points = torch.stack([x, y, torch.zeros_like(x)], dim=-1)  # (point, xyz)
        super().__init__(size, place, points, torch.full((size * size,), 4 / size**2))

    @property
    def title(self) -> str:
        return f"chart(plane, size={self.size})"

    @property
    def normals(self) -> Tensor:
        """-z everywhere, as at the south pole: columns, -rows and it are right-handed."""
        return torch.tensor([0.0, 0.0, -1.0]).to(self.points).expand_as(self.points)

    def image_coordinates(self, poses: Tensor) -> Tensor:
        """``R^T x`` in the plane, ``(count, row, column, 2)``, NaN outside of the image."""
        places = torch.einsum("pi,nij->npj", self.points.to(poses), poses)[..., :2]
        outside = (places.abs() > 1 + ROUNDING).any(-1, keepdim=True)
        return places.masked_fill(outside, math.nan).unflatten(1, self.shape)


def _places(size: int) -> Tensor:
    """The middles of `size` pixels that fill [-1, 1], ``(size,)``, float64."""
    return (2 * torch.arange(size, dtype=torch.float64) + 1) / size - 1


PlanarChart = EquirectangularChart | AzimuthalChart | PlaneChart

_CHARTS: dict[ChartKind, type[PlanarChart]] = {
    ChartKind.equirectangular: EquirectangularChart,
    ChartKind.azimuthal: AzimuthalChart,
    ChartKind.plane: PlaneChart,
}


def planar_chart(chart: ChartKind | str, size: int) -> PlanarChart:
    """The chart of a kind, with `size` rows and columns.

    Raises:
        UserError: there is no such kind, or it has no chart of this size.
    """
    return _CHARTS[choice(ChartKind, chart, "domain.chart")](size)
