"""The groups p4 and p4m: what is left of them once the shifts are left to the planes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.methods.p4.options import GroupName
from gaugecnn.ops.square import REFLECTIONS, ROTATIONS, SquareElement, square_element
from gaugecnn.surfaces.symmetry import Symmetry


@dataclass(frozen=True)
class PlaneGroup:
    """The rotations of a square, and for p4m its reflections, in the order of a feature's planes.

    A feature is a function f(g, x) of an element g and a pixel x, on which the group acts by
    ``(L_h f)(g, x) = f(h^-1 g, h^-1 x)``.

    Args:
        name: ``p4``, quarter turns alone; or ``p4m``, reflections too.
    """

    name: GroupName

    @property
    def elements(self) -> tuple[SquareElement, ...]:
        """Quarter turns by their number, then the same behind a reflection of the columns."""
        return ROTATIONS if self.name is GroupName.p4 else ROTATIONS + REFLECTIONS

    @property
    def reflects(self) -> bool:
        """Whether there are reflections in it."""
        return self.name is GroupName.p4m

    @property
    def order(self) -> int:
        """The number of elements, 4 or 8."""
        return len(self.elements)

    def index(self, element: SquareElement) -> int:
        """Where an element stands among the planes of a feature."""
        return self.elements.index(element)

    def element(self, symmetry: Symmetry) -> SquareElement:
        """The element by which a symmetry of a square chart acts.

        Raises:
            ValueError: the symmetry is none of this group.
        """
        element = square_element(symmetry)
        if element not in self.elements:
            raise ValueError(f"expected a symmetry in {self.name}, got {symmetry.name}")
        return element

    def sources(self, element: SquareElement) -> list[int]:
        """For each g the index of ``h^-1 g``: whose plane comes to stand at g under h."""
        return [self.index(element.inverse @ g) for g in self.elements]

    def act(self, element: SquareElement, feature: Tensor) -> Tensor:
        """``(L_h f)(g, x) = f(h^-1 g, h^-1 x)`` on a feature ``(..., element, row, column)``."""
        index = torch.tensor(self.sources(element), device=feature.device)
        return element.act(feature.index_select(-3, index))

    def lifting_taps(self, kernel: int) -> Tensor:
        """Which tap of a filter ``(row, column)`` each tap of its copies is.

        Shape ``(element, row, column)``: entry g is the filter moved by g.
        """
        taps = torch.arange(kernel**2).view(kernel, kernel)
        return torch.stack([g.act(taps) for g in self.elements])

    def group_taps(self, kernel: int) -> Tensor:
        """Which tap of a filter ``(element, row, column)`` each tap of its copies is.

        Shape ``(element g, element s, row, column)``: entry g is the filter ``L_g w``.
        """
        taps = torch.arange(self.order * kernel**2).view(self.order, kernel, kernel)
        return torch.stack([self.act(g, taps) for g in self.elements])


P4 = PlaneGroup(GroupName.p4)
P4M = PlaneGroup(GroupName.p4m)
GROUPS = {group.name: group for group in (P4, P4M)}
