"""The bounded product of a feature with itself, ``g + g^2 / (2 sqrt(1 + |g|^2))``.

A channel with one component for each order is a function on the circle of directions at a vertex,
``g(t) = sum_i x_i w_i(t)`` in the orthonormal waves 1, sqrt(2) cos(m t), -sqrt(2) sin(m t). Its
square is computed component by component (`ops.products`), over as many points at a time as stay in
a processor's cache: four to five times as fast as by samples on the circle.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gaugecnn.ops.parts import by_parts
from gaugecnn.ops.products import Table, half_square, inner, product


def waves(orders: int, angles: int) -> Tensor:
    """The orthonormal waves of orders below `orders`, ``(component, angle)``, float64."""
    t = 2 * math.pi * torch.arange(angles, dtype=torch.float64) / angles
    found = [torch.ones_like(t)]
    for m in range(1, orders):  # sqrt(2) Re(f e^{imt}) = sqrt(2) (re cos - im sin)
        found += [math.sqrt(2) * torch.cos(m * t), -math.sqrt(2) * torch.sin(m * t)]
    return torch.stack(found)


def bounded_product(x: Tensor, table: Table) -> Tensor:
    """``x + n (x x) / 2`` with ``n = (1 + |x|^2)^(-1/2)``, for each channel at each point.

    Args:
        x: ``(point, component)``: the channels of order 0, then ``(channel, re-im)`` of each order.
        table: products of the `waves` of its orders, each of which has as many channels.
    """
    y: Tensor = _BoundedProduct.apply(x, table)
    return y


class _BoundedProduct(torch.autograd.Function):
    """``dL/dx = g + n (x g) - n^3 <x, (x g)> x / 2`` for a gradient g, with n as above."""

    @staticmethod
    def forward(x: Tensor, table: Table) -> Tensor:
        return by_parts(lambda x, out: _forward(x, table), x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Table], output: Tensor) -> None:
        x, ctx.table = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return by_parts(lambda x, g, out: _backward(x, g, ctx.table), x, gradients[0]), None


def _forward(points: Tensor, table: Table) -> Tensor:
    x = _components(points, len(table))
    n = _shrinking(x)
    both = zip(x, half_square(x, table), strict=True)
    return _points([torch.addcmul(a, s, n) for a, s in both])


def _backward(points: Tensor, gradient: Tensor, table: Table) -> Tensor:
    x, g = _components(points, len(table)), _components(gradient, len(table))
    n, products = _shrinking(x), product(x, g, table)
    shared = n.pow(3) * inner(x, products) / -2
    all_three = zip(x, g, products, strict=True)
    return _points([torch.addcmul(b, p, n).addcmul(a, shared) for a, b, p in all_three])


def _components(points: Tensor, waves: int) -> list[Tensor]:
    """``(point, component)`` as one ``(channel, point)`` for each wave."""
    rows = points.t().contiguous()  # (component, point): what is added up lies in rows
    channels = len(rows) // waves
    first, *pairs = rows.split([channels, *[2 * channels] * (waves // 2)])
    return [first, *(pair[part::2] for pair in pairs for part in (0, 1))]


def _points(components: list[Tensor]) -> Tensor:
    """The inverse of `_components`."""
    first, *others = components
    pairs = zip(others[::2], others[1::2], strict=True)
    return torch.cat([first, *(torch.stack(pair, 1).flatten(0, 1) for pair in pairs)]).t()


def _shrinking(x: list[Tensor]) -> Tensor:
    return torch.rsqrt(1 + inner(x, x))
