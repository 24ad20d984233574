"""The product ``x + x^2 / (2 sqrt(1 + |x|^2))``: a square that grows no faster than its input.

|x|^2 is the mean of x^2 over the samples of one function, which no shift of the function changes:
the square is divided by an invariant. Where |x| is small it is ``x + x^2 / 2``, whose frequencies
end at twice those of x; where it is large, twice the size of x gives twice the size of the product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Product(torch.autograd.Function):
    """The product along the last axis, with n = (1 + |x|^2)^(-1/2) and ``y = x + n x^2 / 2``.

    ``dL/dx = g (1 + n x) - n^3 x mean(g x^2) / 2``, the mean over the last axis.
    """

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return torch.addcmul(x, x * _shrinking(x), x, value=0.5)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        g, n = gradients[0], _shrinking(x)
        shared = n.pow(3) * (g * x.square()).mean(-1, keepdim=True) / 2
        return torch.addcmul(g, x, n * g - shared)


def _shrinking(x: Tensor) -> Tensor:
    return torch.rsqrt(1 + x.square().mean(-1, keepdim=True))


def bounded_product(x: Tensor) -> Tensor:
    """``x + x^2 / (2 sqrt(1 + mean x^2))``, the mean over the samples on the last axis."""
    y: Tensor = _Product.apply(x)
    return y
