"""CubeType: scalar fields on the six charts of a cubed sphere, of any number of cells."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.surfaces.cube import FACES, Cells, moved
from gaugecnn.surfaces.cubed_sphere import CubedSphere
from gaugecnn.surfaces.symmetry import Isometry, Symmetry


@dataclass(frozen=True)
class CubeType(FeatureType):
    """Scalar fields ``(channel, face, row, column)`` on a cubed sphere.

    Args:
        channels: number of fields.
        size: rows and columns of a face.
    """

    channels: int
    size: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.channels, *self.grid)

    @property
    def grid(self) -> tuple[int, int, int]:
        return (len(FACES), self.size, self.size)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_Q f)(x) = f(Q^-1 x)`` for each isometry Q of the cube."""
        index = torch.from_numpy(moved_by(symmetry, self.size).cell).to(feature.device)
        return feature.flatten(-3)[..., index]

    def __str__(self) -> str:
        return f"{self.channels} scalars on faces {self.size}x{self.size}"


def moved_by(symmetry: Symmetry, size: int) -> Cells:
    """What a symmetry of a cubed sphere does to cells of which a face has ``size x size``.

    Raises:
        ValueError: it is not an isometry of a cubed sphere.
    """
    if isinstance(symmetry, Isometry) and isinstance(symmetry.domain, CubedSphere):
        return moved(symmetry.matrix.round().long().cpu().numpy(), size)
    raise ValueError(f"expected an isometry of a cubed sphere, got {symmetry.name}")
