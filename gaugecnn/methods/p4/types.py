"""P4Type: fields on the group of quarter turns and shifts of a plane."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.ops.plane_type import quarter_turns, turn_planes
from gaugecnn.surfaces.symmetry import Symmetry


@dataclass(frozen=True)
class P4Type(FeatureType):
    """Features ``(channel, rotation, row, column)``: one square plane per rotation.

    Args:
        channels: number of fields, each of four planes.
        size: rows and columns of a plane.
    """

    channels: int
    size: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.channels, 4, self.size, self.size)

    @property
    def grid(self) -> tuple[int, int, int]:
        return (4, self.size, self.size)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_Q f)(r, x) = f(r - 1, Q^-1 x)`` for the quarter turn Q of pictures."""
        turns = quarter_turns(symmetry)
        return turn_planes(feature, turns).roll(turns, dims=-3)  # (..., rotation, row, column)

    def __str__(self) -> str:
        return f"{self.channels}x4 planes {self.size}x{self.size}"
