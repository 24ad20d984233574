"""Batch norm of gauge features: by the statistics that no choice of frame changes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.types import GaugeType


class GaugeBatchNorm(Layer):
    """Order 0 to mean 0 and variance 1, higher orders to mean square norm 1, area-weighted.

    ``f_0 -> w (f_0 - mean) / std + b`` and ``f_m -> w f_m / sqrt(mean |f_m|^2)``; means run over
    the batch and over the surface with its area element. Evaluation uses running statistics.

    Args:
        type_: type of the feature.
        momentum: weight of a new batch in the running statistics.
        epsilon: added to variances.
    """

    type_in: GaugeType

    def __init__(self, type_: GaugeType, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        super().__init__(type_, type_)
        self.momentum, self.epsilon = momentum, epsilon
        scalars = type_.multiplicities[0]
        channels = sum(type_.multiplicities)
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(scalars))
        self.running_mean: Tensor
        self.running_power: Tensor
        self.register_buffer("running_mean", torch.zeros(scalars))
        self.register_buffer("running_power", torch.ones(channels))
        areas = torch.from_numpy(type_.surface.areas / type_.surface.total_area)
        self.register_buffer("_areas", areas, persistent=False)
        # Which channel each component belongs to: scalars once, the others twice (re, im).
        repeats = torch.ones(channels, dtype=torch.long)
        repeats[scalars:] = 2
        self._channel: Tensor
        self.register_buffer("_channel", torch.arange(channels).repeat_interleave(repeats), False)

    def forward(self, x: Tensor) -> Tensor:
        scalars = self.bias.numel()
        if self.training:
            mean, power = self._statistics(x.float() if x.dtype != torch.float64 else x)
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                self.running_power.lerp_(power.to(self.running_power), self.momentum)
        else:
            mean, power = self.running_mean, self.running_power
        scale = self.weight * torch.rsqrt(power + self.epsilon).to(self.weight)  # (channel,)
        shift = self.bias - mean.to(scale) * scale[:scalars]
        rest = x.shape[-1] - scalars
        return x * scale[self._channel].to(x) + nn.functional.pad(shift, (0, rest)).to(x)

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of order 0 ``(scalar,)``; variance or mean square norm ``(channel,)``."""
        areas = self._areas.to(x)
        scalars = self.bias.numel()
        total = torch.einsum("v,bvc->c", areas, x) / len(x)
        square = torch.einsum("v,bvc->c", areas, x.square()) / len(x)
        mean = total[:scalars]
        variance = (square[:scalars] - mean.square()).clamp_min(0)
        norms = square[scalars:].unflatten(-1, (-1, 2)).sum(-1)
        return mean, torch.cat([variance, norms])
