"""P4Type: fields on the group of rotations, or reflections too, and shifts of a plane."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.methods.p4.cosets import Cosets
from gaugecnn.methods.p4.group import P4, PlaneGroup
from gaugecnn.surfaces.symmetry import Symmetry


@dataclass(frozen=True)
class P4Type(FeatureType):
    """Features ``(channel, rotation, row, column)``: one square plane per element of the group.

    Args:
        channels: number of fields, each of four planes, or of eight with reflections.
        size: rows and columns of a plane.
        group: p4, or p4m whose reflections stand behind the rotations.
        cosets: of which denser plane the pixels are a coset that the input chose; None where they
            are the same pixels for every input.
    """

    channels: int
    size: int
    group: PlaneGroup = P4
    cosets: Cosets | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.channels, *self.grid)

    @property
    def grid(self) -> tuple[int, int, int]:
        return (self.group.order, self.size, self.size)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_h f)(g, x) = f(h^-1 g, h^-1 x)`` for h and g in the group."""
        return self.group.act(self.group.element(symmetry), feature)

    def __str__(self) -> str:
        return f"{self.channels}x{self.group.order} planes {self.size}x{self.size}"
