"""PlaneType: scalar fields on a plane of pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.ops.square import square_element
from gaugecnn.surfaces.chart import EquirectangularChart
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.symmetry import Isometry, Rotation, Symmetry, half_turn_about_x


@dataclass(frozen=True)
class PlaneType(FeatureType):
    """Scalar fields ``(channel, row, column)`` on a plane of pixels.

    Args:
        channels: number of fields.
        height: rows.
        width: columns.
    """

    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.channels, self.height, self.width)

    @property
    def grid(self) -> tuple[int, int]:
        return (self.height, self.width)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """Move the picture: any plane by the rotations and reflections of a square chart.

        A map of the sphere, rows of latitude and columns of longitude, is turned about z by whole
        columns, and about horizontal axes by half a turn. Other isometries act on planes of the
        domain's own size, where pixels are its points.
        """
        if isinstance(symmetry, Isometry) and symmetry.domain.shape == self.grid:
            return symmetry.on_signal(feature)
        if isinstance(symmetry, Rotation) and isinstance(
            symmetry.domain, LatLonGrid | EquirectangularChart
        ):
            return turn_map(feature, symmetry)
        return square_element(symmetry).act(feature)

    def __str__(self) -> str:
        return f"{self.channels} planes {self.height}x{self.width}"


def turn_map(feature: Tensor, rotation: Rotation) -> Tensor:
    """Rotate maps ``(..., row, column)`` of any size that keep columns columns.

    Column k of w is the azimuth ``2 pi k / w``, and the rows lie as far north as south. A turn
    about z by the angle a moves columns by ``a w / 2 pi``; the half turn about x exchanges north
    and south and takes each azimuth to its negative.

    Raises:
        ValueError: the rotation is another one, or turns by less than a column.
    """
    matrix, width = rotation.matrix.double().cpu(), feature.shape[-1]
    if matrix[2, 2] < 0:  # the half turn comes first
        matrix = matrix @ half_turn_about_x()
        feature = feature.flip(-2, -1).roll(1, dims=-1)
    columns = float(torch.atan2(matrix[1, 0], matrix[0, 0])) * width / (2 * math.pi)
    if abs(float(matrix[2, 2]) - 1) > 1e-9 or abs(columns - round(columns)) > 1e-6:
        raise ValueError(
            f"expected a turn by whole columns of {width}, about z or with the half turn about x, "
            f"got {rotation.name}"
        )
    return feature.roll(round(columns), dims=-1)
