"""CubeP4Type: features of the group C4 on the six charts of a cubed sphere."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.ops.cube_type import moved_by
from gaugecnn.surfaces.cube import FACES
from gaugecnn.surfaces.symmetry import Reflection, Symmetry


@dataclass(frozen=True)
class CubeP4Type(FeatureType):
    """Features ``(channel, rotation, face, row, column)``: one value per quarter turn and cell.

    The rotation axis is read in the chart of its own face: it is the regular representation of the
    structure group C4, and a gauge transformation ``Q^k`` of a chart rolls it by k.

    Args:
        channels: number of fields, each of four planes.
        size: rows and columns of a face.
    """

    channels: int
    size: int

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        return (self.channels, *self.grid)

    @property
    def grid(self) -> tuple[int, int, int, int]:
        return (4, len(FACES), self.size, self.size)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_Q f)(r, x) = f(r - k, Q^-1 x)`` for the rotations Q of the cube.

        ``Q^-1 x`` brings the frame of its chart along, which is k quarter turns from the one at x.
        """
        if isinstance(symmetry, Reflection):
            raise ValueError(f"expected a rotation of a cubed sphere, got {symmetry.name}")
        index, turns = moved_by(symmetry, self.size)  # (face, row, column)
        r = torch.arange(4)[:, None, None, None]
        source = (r - torch.from_numpy(turns)) % 4 * index.size + torch.from_numpy(index)
        return feature.flatten(-4)[..., source.to(feature.device)]

    def __str__(self) -> str:
        return f"{self.channels}x4 planes on faces {self.size}x{self.size}"
