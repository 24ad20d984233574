"""PlaneType: scalar fields on a plane of pixels, and what quarter turns do to pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.surfaces.chart import EquirectangularChart, SquareChart
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import rotation_about_z
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
        """Turn the picture: any plane by quarter turns of a square chart.

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
        return turn_planes(feature, quarter_turns(symmetry))

    def __str__(self) -> str:
        return f"{self.channels} planes {self.height}x{self.width}"


def quarter_turns(symmetry: Symmetry) -> int:
    """The k in 0..3 for which a symmetry turns pictures as ``torch.rot90(., k, (row, column))``.

    On square charts columns run along +x and rows, downwards, along +y. ``torch.rot90`` turns
    +y into +x, so that k quarter turns of the picture are a rotation by ``-k pi / 2`` about z.

    Raises:
        ValueError: the symmetry is not a quarter turn of a square chart.
    """
    if isinstance(symmetry, Rotation) and isinstance(symmetry.domain, SquareChart):
        matrix = symmetry.matrix.double().cpu()
        quarters = rotation_about_z(-math.pi / 2 * torch.arange(4, dtype=torch.float64))
        for k, quarter in enumerate(quarters):
            if torch.allclose(matrix, quarter, atol=1e-6):
                return k
    raise ValueError(
        f"expected a rotation of a square chart by quarter turns about z, got {symmetry.name}"
    )


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


def turn_planes(feature: Tensor, turns: int) -> Tensor:
    """Rotate planes ``(..., row, column)`` by `turns` quarter turns, +y towards +x.

    Raises:
        ValueError: the planes are not square.
    """
    if feature.shape[-2] != feature.shape[-1]:
        raise ValueError(f"expected square planes to turn, got {tuple(feature.shape[-2:])}")
    return torch.rot90(feature, turns, (-2, -1))
