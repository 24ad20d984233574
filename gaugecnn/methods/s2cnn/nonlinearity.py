"""Nonlinearities of a feature on SO(3): a function of each value on the grid.

A rotation only moves values, so that they commute with it exactly on the group; on a grid they
also make frequencies that it cannot tell from lower ones. How many depends on the function: a
polynomial of degree p spreads degrees below L to those below ``p (L - 1) + 1``, and the part below
L that is kept is exact from a grid of ``(p + 1) / 2`` times the cut-off on; a smooth function falls
off fast; a ReLU, with its kink, falls off slowly. ``experiments/s2cnn_aliasing`` measures them.
`product` is the polynomial of degree 2, divided by what no rotation changes: a network of it on
grids of 1.5 times the cut-off commutes with every rotation to rounding, however long it is trained.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from gaugecnn.layers import Layer, expect
from gaugecnn.methods.s2cnn.bounded import ProductNonlinearity, SpinProduct
from gaugecnn.methods.s2cnn.stage import Nonlinearity
from gaugecnn.methods.s2cnn.types import GroupType, SO3Type, SpinType

FUNCTIONS: dict[Nonlinearity, Callable[[Tensor], Tensor]] = {
    Nonlinearity.relu: torch.relu,
    Nonlinearity.gelu: F.gelu,
    Nonlinearity.softplus: F.softplus,
    Nonlinearity.tanh: torch.tanh,
}


def activation(type_: GroupType, kind: Nonlinearity) -> Layer:
    """The nonlinearity of a feature."""
    if isinstance(type_, SpinType):
        return SpinProduct(type_)
    type_ = expect(type_, SO3Type)
    return ProductNonlinearity(type_) if kind is Nonlinearity.product else Pointwise(type_, kind)


class Pointwise(Layer):
    """``f(x)`` at each point of the grid.

    Args:
        type_: the feature ``(batch, channel, beta, alpha, gamma)``.
        kind: which function.
    """

    def __init__(self, type_: SO3Type, kind: Nonlinearity) -> None:
        super().__init__(type_, type_)
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        return FUNCTIONS[self.kind](x)

    def extra_repr(self) -> str:
        return str(self.kind)
