"""The eight symmetries of a square, as they act on planes of pixels of any size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from gaugecnn.surfaces.chart import SquareChart
from gaugecnn.surfaces.rotations import rotation_about_z
from gaugecnn.surfaces.symmetry import Isometry, Symmetry, reflection_of_x


@dataclass(frozen=True)
class SquareElement:
    """``Q^turns F^flip``: the columns are reflected by F if asked, then Q turns the picture.

    Q is ``torch.rot90(., 1, (row, column))``, which takes +y to +x where columns run along +x and
    rows, downwards, along +y; F reverses the order of the columns, and ``F Q = Q^-1 F``.

    Args:
        turns: quarter turns, 0 to 3.
        flip: whether the columns are reflected first.
    """

    turns: int
    flip: bool = False

    def __matmul__(self, other: SquareElement) -> SquareElement:
        """The element that acts as `other` does, and then as this one."""
        turns = self.turns + (-other.turns if self.flip else other.turns)
        return SquareElement(turns % 4, self.flip != other.flip)

    @property
    def inverse(self) -> SquareElement:
        """The element that undoes this one; a reflection undoes itself."""
        return self if self.flip else SquareElement(-self.turns % 4)

    def act(self, planes: Tensor) -> Tensor:
        """Move the pixels of planes ``(..., row, column)``.

        Raises:
            ValueError: the planes are not square.
        """
        if planes.shape[-2] != planes.shape[-1]:
            raise ValueError(f"expected square planes to turn, got {tuple(planes.shape[-2:])}")
        return torch.rot90(planes.flip(-1) if self.flip else planes, self.turns, (-2, -1))


ROTATIONS = tuple(SquareElement(turns) for turns in range(4))
REFLECTIONS = tuple(SquareElement(turns, flip=True) for turns in range(4))


def square_element(symmetry: Symmetry) -> SquareElement:
    """The element of the square by which a symmetry moves the pixels of a chart.

    Raises:
        ValueError: it is none of the rotations and reflections of a square chart.
    """
    if isinstance(symmetry, Isometry) and isinstance(symmetry.domain, SquareChart):
        matrix = symmetry.matrix.double().cpu()
        for element, isometry in _isometries().items():
            if torch.allclose(matrix, isometry, atol=1e-6):
                return element
    raise ValueError(
        f"expected a symmetry of a square chart, by quarter turns about z or a reflection, got "
        f"{symmetry.name}"
    )


@cache
def _isometries() -> dict[SquareElement, Tensor]:
    """The map ``(3, 3)`` of the chart's points by which each element acts on its pictures."""
    quarters = rotation_about_z(-math.pi / 2 * torch.arange(4, dtype=torch.float64))
    mirrored = quarters @ reflection_of_x()
    return dict(zip((*ROTATIONS, *REFLECTIONS), (*quarters, *mirrored), strict=True))
