"""Linear maps whose derivative is written down: it is their adjoint, a linear map again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gaugecnn.ops.signature import bound_once

Map = Callable[..., tuple[Tensor, ...]]
"""Tensors to tensors, linear."""


def linear(there: Map, back: Map, *tensors: Tensor) -> tuple[Tensor, ...]:
    """``there(*tensors)``, to be differentiated as often as one likes.

    Neither map need be differentiable itself: it may write to its result in place.

    Args:
        there: the map.
        back: its adjoint, ``<there(x), y> = <x, back(y)>``.
        tensors: what it takes.
    """
    if not torch.is_grad_enabled():
        return there(*tensors)
    found: tuple[Tensor, ...] = _Linear.apply(there, back, *tensors)
    return found


class _Linear(torch.autograd.Function):
    @staticmethod
    @bound_once
    def forward(there: Map, back: Map, *tensors: Tensor) -> tuple[Tensor, ...]:
        return there(*tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.there, ctx.back = inputs[:2]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, None, *linear(ctx.back, ctx.there, *gradients)
