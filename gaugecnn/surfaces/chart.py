"""Planar charts of the sphere: pictures ``(row, column)`` whose pixels are points of the sphere."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gaugecnn.choices import ChartKind, choice
from gaugecnn.domain_options import check_size
from gaugecnn.surfaces.domain import SphereDomain, matching_points
from gaugecnn.surfaces.lat_lon import quadrature_weights, soft_colatitudes
from gaugecnn.surfaces.rotations import points_from_angles


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


class AzimuthalChart(SphereDomain):
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

    pixels: Tensor

    def __init__(self, size: int) -> None:
        check_size(ChartKind.azimuthal, size)
        self.size = size
        place = ((2 * torch.arange(size, dtype=torch.float64) + 1) / size - 1) * math.pi
        y, x = torch.meshgrid(place, place, indexing="ij")  # (row, column)
        x, y = x.flatten(), y.flatten()  # (point,)
        r = torch.hypot(x, y)
        outside = r > math.pi
        jacobian = torch.sinc(r / math.pi).masked_fill(outside, 0.0)  # sin(r) / r
        points = points_from_angles(math.pi - r, torch.atan2(y, x))
        points = points.masked_fill(outside[:, None], math.nan)
        super().__init__((size, size), points, 4 * math.pi * jacobian / jacobian.sum())
        # One unit above the plane, a pixel (x, y, 1) stays in it only under turns about z.
        pixels = torch.stack([x, y, torch.ones_like(x)], dim=-1)  # (point, 3)
        self.register_buffer("pixels", pixels, persistent=False)

    @property
    def title(self) -> str:
        return f"chart(azimuthal, size={self.size})"

    def permutation(self, rotation: Tensor) -> Tensor:
        """As on any sphere domain; the pixels outside the sphere turn along with the picture."""
        return matching_points(self.pixels, self.pixels @ rotation.to(self.pixels), self.title)


PlanarChart = EquirectangularChart | AzimuthalChart

_CHARTS: dict[ChartKind, type[EquirectangularChart] | type[AzimuthalChart]] = {
    ChartKind.equirectangular: EquirectangularChart,
    ChartKind.azimuthal: AzimuthalChart,
}


def planar_chart(kind: ChartKind | str, size: int) -> PlanarChart:
    """The chart of a kind, with `size` rows and columns.

    Raises:
        UserError: there is no such kind, or it has no chart of this size.
    """
    return _CHARTS[choice(ChartKind, kind, "domain.chart")](size)
