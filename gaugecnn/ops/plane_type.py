"""PlaneType: scalar fields on a plane of pixels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.ops.square import square_element
from gaugecnn.surfaces.symmetry import Isometry, Symmetry


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

        Other isometries act on planes of the domain's own size, where pixels are its points.
        """
        if isinstance(symmetry, Isometry) and symmetry.domain.shape == self.grid:
            return symmetry.on_signal(feature)
        return square_element(symmetry).act(feature)

    def __str__(self) -> str:
        return f"{self.channels} planes {self.height}x{self.width}"
