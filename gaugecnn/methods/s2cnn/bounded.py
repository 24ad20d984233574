"""The bounded product, ``x + x^2 / (2 sqrt(1 + |x|^2))``, of features on SO(3).

``|x|^2`` is the mean of x^2 over SO(3): of each sample and channel one norm, which no rotation
changes. Degrees below L become degrees below 2 L - 1 and no others, and yet no feature grows faster
than what comes in. On a grid that is fine enough for the product the mean is exact as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.normalisation import HaarMean
from gaugecnn.methods.s2cnn.spectral.fourier import as_shown, as_stored
from gaugecnn.methods.s2cnn.types import GroupType, SO3Type, SpinType
from gaugecnn.ops.parts import by_parts, in_parts
from gaugecnn.ops.products import (
    Places,
    Table,
    circle_waves,
    half_squares,
    inner,
    product,
    product_table,
)
from gaugecnn.ops.signature import bound_once


class BoundedProduct(Layer):
    """``x + n x^2 / 2`` with ``n = (1 + |x|^2)^(-1/2)``, the square taken as subclasses say."""

    function: type[torch.autograd.Function]

    def __init__(self, type_: GroupType, *arguments: Any) -> None:
        super().__init__(type_, type_)
        self.mean = HaarMean(type_.rings)
        self._arguments = arguments

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            weights = self.mean.weights
            stored = as_stored(x.to(weights.dtype))
            y, _ = self.function.apply(stored, weights, *self._arguments)
            return as_shown(y)


class ProductNonlinearity(BoundedProduct):
    """The bounded product of values along gamma, ``(batch, channel, beta, alpha, gamma)``."""

    def __init__(self, type_: SO3Type) -> None:
        super().__init__(type_)
        self.function = _OfSamples


class SpinProduct(BoundedProduct):
    """The bounded product of waves along gamma, ``(batch, channel, beta, alpha, wave)``."""

    def __init__(self, type_: SpinType) -> None:
        basis = circle_waves(type_.order, 3 * type_.order + 1)
        super().__init__(type_, product_table(basis))
        self.function = _OfWaves


class _OfSamples(torch.autograd.Function):
    """The product y of x ``(alpha, gamma, batch, channel, beta)``, and n ``(batch, channel)``.

    With w the weight of a point,

        dL/dx = dL/dy (1 + n x) - n^3 (dL/dn + sum of dL/dy x^2 / 2) w x
    """

    @staticmethod
    @bound_once
    def forward(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        n = torch.rsqrt(1 + _squares(x) @ (weights / (x.shape[0] * x.shape[1])))
        half = _at_rings(n / 2, x)
        return by_parts(lambda x, out: torch.addcmul(x, x * half, x, out=out), x), n

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: tuple[Tensor, ...]) -> None:
        ctx.save_for_backward(*inputs, output[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        x, weights, n = ctx.saved_tensors
        g, g_n = gradients
        against = _total((g * x * x).sum((0, 1)) for g, x in in_parts(g, x)).sum(-1) / 2 + g_n
        at_point = weights / (x.shape[0] * x.shape[1])
        shared = -(n.pow(3) * against)[..., None] * at_point  # (batch, channel, beta)
        slope = _at_rings(n, x)

        def derivative(g: Tensor, x: Tensor, out: Tensor | None) -> Tensor:
            return torch.addcmul(g, x, torch.addcmul(shared, g, slope), out=out)

        return by_parts(derivative, g, x), None


class _OfWaves(torch.autograd.Function):
    """The product y of x ``(alpha, wave, batch, channel, beta)``, and n ``(batch, channel)``.

    With ``(x y)`` the product of waves, w the weight of a point,

        dL/dx = dL/dy + n (x dL/dy) - n^3 (dL/dn + sum of <x, (x dL/dy)> / 2) w x
    """

    @staticmethod
    @bound_once
    def forward(x: Tensor, weights: Tensor, table: Table) -> tuple[Tensor, Tensor]:
        n = torch.rsqrt(1 + _squares(x) @ (weights / len(x)))
        slope, squares = _at_rings(n, x), half_squares(table)

        def squared(x: Tensor, out: Tensor | None) -> Tensor:
            waves = x.unbind(1)
            half = _waves(lambda places: product(waves, waves, squares, places), x)
            return torch.addcmul(x, half, slope, out=out)

        return by_parts(squared, x), n

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        x, weights, ctx.table = inputs
        ctx.save_for_backward(x, weights, output[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        x, weights, n = ctx.saved_tensors
        g, g_n = gradients
        sums, slope = [], _at_rings(n, x)

        def first(g: Tensor, x: Tensor, out: Tensor | None) -> Tensor:
            waves = x.unbind(1)
            found = _waves(lambda places: product(waves, g.unbind(1), ctx.table, places), x)
            sums.append(inner(waves, found.unbind(1)).sum(0))  # (batch, channel, beta)
            return torch.addcmul(g, found, slope, out=out)

        y = by_parts(first, g, x)
        against = _total(sums).sum(-1) / 2 + g_n  # (batch, channel)
        shared = -(n.pow(3) * against)[..., None] * (weights / len(x))
        return y.addcmul_(x, shared), None, None


def _waves(components: Callable[[Places], list[Tensor]], like: Tensor) -> Tensor:
    """Components that are written to their places in ``(alpha, wave, ...)``, or put together."""
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return torch.stack(components(None), 1)
    waves = torch.empty_like(like)
    components(waves.unbind(1))
    return waves


def _at_rings(n: Tensor, x: Tensor) -> Tensor:
    """``(batch, channel)`` as ``(batch, channel, beta)``, the last axes of x."""
    return n[..., None].expand(x.shape[2:]).contiguous()


def _squares(x: Tensor) -> Tensor:
    """The sum of squares on each ring, ``(batch, channel, beta)``."""
    return _total(x.square().sum((0, 1)) for (x,) in in_parts(x))


def _total(sums: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(sums)).sum(0)
