"""Batch norm with means over a surface or a group: every point counts by its weight.

    mean = sum_bp w_p x_bp / B,  var = sum_bp w_p (x_bp - mean)^2 / B
    y = (x - mean) / sqrt(var + eps) * weight + bias

The gradient is written out, because it takes half as many passes over the feature as the chain
rule through means and squares does.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class WeightedBatchNorm(nn.Module):
    """Normalise channels by weighted statistics; evaluation uses running ones.

    Args:
        points: weight of each point ``(point,)``, summing to 1.
        widths: components of each channel that share its statistics (2 for re and im).
        centred: channels whose mean is removed come first; how many.
        momentum: weight of a new batch in the running statistics.
        epsilon: added to variances.
    """

    _points: Tensor
    _channel: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self,
        points: Tensor,
        widths: list[int],
        centred: int,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.weight = nn.Parameter(torch.ones(len(widths)))
        self.bias = nn.Parameter(torch.zeros(centred))
        self.register_buffer("running_mean", torch.zeros(centred))
        self.register_buffer("running_var", torch.ones(len(widths)))
        self.register_buffer("_points", points.double(), persistent=False)
        channel = torch.arange(len(widths)).repeat_interleave(torch.tensor(widths))
        self.register_buffer("_channel", channel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, point, component)``, the same shape; at least float32 inside."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
            weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
            if self.training:
                points = self._points.to(x.dtype)
                y, mean, var = _Normalise.apply(
                    x, weight, bias, points, self._channel, self.epsilon
                )
                with torch.no_grad():
                    self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                    self.running_var.lerp_(var.to(self.running_var), self.momentum)
                return y
            slope = weight * torch.rsqrt(self.running_var.to(x.dtype) + self.epsilon)
            shift = bias - self.running_mean.to(x.dtype) * slope[: len(bias)]
            return torch.addcmul(_padded(shift, slope)[self._channel], x, slope[self._channel])


class _Normalise(torch.autograd.Function):
    """The normalisation of a batch by its own statistics; also gives mean and variance."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        points: Tensor,
        channel: Tensor,
        epsilon: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch = len(x)
        centred = len(bias)
        first = _per_channel(points @ x.sum(0), channel, len(weight)) / batch
        power = _per_channel(points @ x.square().sum(0), channel, len(weight)) / batch
        mean = _padded(first[:centred], weight)
        var = (power - mean.square()).clamp_min(0)
        root = torch.rsqrt(var + epsilon)
        slope = weight * root
        shift = _padded(bias, weight) - mean * slope
        y = torch.addcmul(shift[channel], x, slope[channel])
        ctx.save_for_backward(x, weight, points, channel, mean, root)
        ctx.centred = centred
        ctx.mark_non_differentiable(mean[:centred], var)
        return y, mean[:centred], var

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, points, channel, mean, root = ctx.saved_tensors
        g = gradients[0]
        total = _per_channel(g.sum((0, 1)), channel, len(weight))
        against = _per_channel((g * x).sum((0, 1)), channel, len(weight)) - mean * total
        d_var = -0.5 * weight * root.pow(3) * against
        d_mean = -weight * root * total
        d_mean = _padded(d_mean[: ctx.centred], weight)  # no mean is taken of the others
        # dx = slope g + w / B (d_mean + 2 d_var (x - mean))
        share = points[:, None] / len(x)  # (point, 1)
        constant = share * (d_mean - 2 * d_var * mean)[channel]
        d_x = torch.addcmul(constant, x, share * (2 * d_var)[channel])
        d_x.addcmul_(g, (weight * root)[channel])
        return d_x, root * against, total[: ctx.centred], None, None, None


def _per_channel(x: Tensor, channel: Tensor, channels: int) -> Tensor:
    """Sum ``(component,)`` over the components of each channel."""
    return x.new_zeros(channels).index_add_(0, channel, x)


def _padded(values: Tensor, like: Tensor) -> Tensor:
    return nn.functional.pad(values, (0, len(like) - len(values)))
