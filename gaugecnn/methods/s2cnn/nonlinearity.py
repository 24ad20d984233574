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
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.fourier import as_shown, as_stored
from gaugecnn.methods.s2cnn.normalisation import HaarMean
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.ops.parts import by_parts, in_parts


class Nonlinearity(StrEnum):
    """The value of ``model.nonlinearity``."""

    product = "product"
    relu = "relu"
    gelu = "gelu"
    softplus = "softplus"
    tanh = "tanh"


FUNCTIONS: dict[Nonlinearity, Callable[[Tensor], Tensor]] = {
    Nonlinearity.relu: torch.relu,
    Nonlinearity.gelu: F.gelu,
    Nonlinearity.softplus: F.softplus,
    Nonlinearity.tanh: torch.tanh,
}


def activation(type_: SO3Type, kind: Nonlinearity) -> Layer:
    """The nonlinearity of a feature."""
    if kind is Nonlinearity.product:
        return ProductNonlinearity(type_)
    return Pointwise(type_, kind)


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


class ProductNonlinearity(Layer):
    """``x + x^2 / (2 sqrt(1 + |x|^2))``, with ``|x|^2`` the mean of x^2 over SO(3).

    Of each sample and channel one norm, which no rotation changes: degrees below L become degrees
    below 2 L - 1 and no others, and yet no feature grows faster than what comes in. On a grid that
    is fine enough for the product the mean is exact as well (Parseval).

    Args:
        type_: the feature ``(batch, channel, beta, alpha, gamma)``.
    """

    def __init__(self, type_: SO3Type) -> None:
        super().__init__(type_, type_)
        self.mean = HaarMean(type_.rings)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            weights = self.mean.weights
            y, _ = _Product.apply(as_stored(x.to(weights.dtype)), weights)
            return as_shown(y)


class _Product(torch.autograd.Function):
    """The product y of x ``(alpha, gamma, batch, channel, beta)``, and n ``(batch, channel)``.

    With ``n = (1 + |x|^2)^(-1/2)``, ``y = x + n x^2 / 2`` and w the weight of a point,

        dL/dx = dL/dy (1 + n x) - n^3 (dL/dn + sum of dL/dy x^2 / 2) w x
    """

    @staticmethod
    def forward(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        sums = [x.square().sum((0, 1)) for (x,) in in_parts(x)]  # (batch, channel, beta)
        power = torch.stack(sums).sum(0) / (x.shape[0] * x.shape[1])
        n = torch.rsqrt(1 + power @ weights)
        half = (n / 2)[..., None].expand(x.shape[2:]).contiguous()
        return by_parts(lambda x, out: torch.addcmul(x, x * half, x, out=out), x), n

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: tuple[Tensor, ...]) -> None:
        ctx.save_for_backward(*inputs, output[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        x, weights, n = ctx.saved_tensors
        g, g_n = gradients
        sums = [(g * x * x).sum((0, 1)) for g, x in in_parts(g, x)]  # (batch, channel, beta)
        against = g_n + torch.stack(sums).sum((0, 3)) / 2  # (batch, channel)
        at_point = weights / (x.shape[0] * x.shape[1])
        shared = -(n.pow(3) * against)[..., None] * at_point  # (batch, channel, beta)
        slope = n[..., None].expand_as(shared).contiguous()

        def derivative(g: Tensor, x: Tensor, out: Tensor | None) -> Tensor:
            return torch.addcmul(g, x, torch.addcmul(shared, g, slope), out=out)

        return by_parts(derivative, g, x), None
