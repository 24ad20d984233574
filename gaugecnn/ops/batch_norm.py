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
        points: weight of each point ``(*points)`` summing to 1, with a singleton where the
            channel axis is in a feature without its batch axis.
        channel_axis: that axis, 0 or -1.
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
        channel_axis: int,
        widths: list[int],
        centred: int,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.channel_axis, self.momentum, self.epsilon = channel_axis, momentum, epsilon
        self.weight = nn.Parameter(torch.ones(len(widths)))
        self.bias = nn.Parameter(torch.zeros(centred))
        self.register_buffer("running_mean", torch.zeros(centred))
        self.register_buffer("running_var", torch.ones(len(widths)))
        self.register_buffer("_points", points.double(), persistent=False)
        channel = torch.arange(len(widths)).repeat_interleave(torch.tensor(widths))
        self.register_buffer("_channel", channel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, *points with a channel axis)``, the same shape; at least float32 inside."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
            weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
            if self.training:
                layout = self._points.to(x.dtype), self._channel, self.channel_axis
                y, mean, var = _Normalise.apply(x, weight, bias, *layout, self.epsilon)
                with torch.no_grad():
                    self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                    self.running_var.lerp_(var.to(self.running_var), self.momentum)
                return y
            slope = weight * torch.rsqrt(self.running_var.to(x.dtype) + self.epsilon)
            shift = bias - self.running_mean.to(x.dtype) * slope[: len(bias)]
            axis = self.channel_axis
            wide = _per_component(slope, self._channel, axis, x)
            return torch.addcmul(
                _per_component(_padded(shift, slope), self._channel, axis, x), x, wide
            )


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
        axis: int,
        epsilon: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch = len(x)
        centred = len(bias)
        first = _per_channel(points * x.sum(0), channel, axis, len(weight)) / batch
        second = x.square().sum(0)
        power = _per_channel(points * second, channel, axis, len(weight)) / batch
        mean = _padded(first[:centred], weight)
        var = (power - mean.square()).clamp_min(0)
        root = torch.rsqrt(var + epsilon)
        slope = weight * root
        shift = _padded(bias, weight) - mean * slope
        y = torch.addcmul(
            _per_component(shift, channel, axis, x), x, _per_component(slope, channel, axis, x)
        )
        ctx.save_for_backward(x, weight, points, channel, mean, root)
        ctx.axis, ctx.centred = axis, centred
        ctx.mark_non_differentiable(mean[:centred], var)
        return y, mean[:centred], var

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, points, channel, mean, root = ctx.saved_tensors
        axis, g = ctx.axis, gradients[0]
        total = _per_channel(g.sum(0), channel, axis, len(weight))
        against = _per_channel((g * x).sum(0), channel, axis, len(weight)) - mean * total
        d_var = -0.5 * weight * root.pow(3) * against
        d_mean = -weight * root * total
        d_mean = _padded(d_mean[: ctx.centred], weight)  # no mean is taken of the others
        # dx = slope g + w / B (d_mean + 2 d_var (x - mean))
        share = points / len(x)
        constant = share * _per_component(d_mean - 2 * d_var * mean, channel, axis, x)
        linear = share * _per_component(2 * d_var, channel, axis, x)
        d_x = torch.addcmul(constant, x, linear)
        d_x.addcmul_(g, _per_component(weight * root, channel, axis, x))
        return d_x, root * against, total[: ctx.centred], None, None, None, None


def _per_channel(x: Tensor, channel: Tensor, axis: int, channels: int) -> Tensor:
    """Sum ``(*points, component)`` over points and over the components of each channel."""
    summed = x.movedim(axis, -1).flatten(0, -2).sum(0)  # (component,)
    return summed.new_zeros(channels).index_add_(0, channel, summed)


def _per_component(values: Tensor, channel: Tensor, axis: int, x: Tensor) -> Tensor:
    """``(channel,)`` spread over components and shaped to multiply `x`."""
    wide = values[channel]
    return wide if axis == -1 else wide.view(-1, *[1] * (x.dim() - 2))


def _padded(values: Tensor, like: Tensor) -> Tensor:
    return nn.functional.pad(values, (0, len(like) - len(values)))
