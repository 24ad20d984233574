"""PlaneType: scalar fields on a plane of pixels, and what quarter turns do to pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.surfaces.chart import SquareChart
from gaugecnn.surfaces.rotations import rotation_about_z
from gaugecnn.surfaces.symmetry import Isometry, Rotation, Symmetry


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

        Other isometries act on planes of the domain's own size, where pixels are its points.
        """
        if isinstance(symmetry, Isometry) and symmetry.domain.shape == self.grid:
            return symmetry.on_signal(feature)
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


def turn_planes(feature: Tensor, turns: int) -> Tensor:
    """Rotate planes ``(..., row, column)`` by `turns` quarter turns, +y towards +x.

    Raises:
        ValueError: the planes are not square.
    """
    if feature.shape[-2] != feature.shape[-1]:
        raise ValueError(f"expected square planes to turn, got {tuple(feature.shape[-2:])}")
    return torch.rot90(feature, turns, (-2, -1))
