"""Batch normalisation whose statistics are means over the group."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.tables import Table, TableModule
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.surfaces.lat_lon import quadrature_weights


@dataclass(frozen=True)
class HaarWeights(Table):
    """The weight of each ring of the grid in a mean over SO(3), ``(beta,)``; they sum to 1.

    Args:
        sampling: bandwidth of the grid.
    """

    sampling: int

    def build(self) -> Tensor:
        return 2 * self.sampling * quadrature_weights(self.sampling)


class HaarMean(TableModule):
    """The mean over SO(3) in the Haar measure.

    Args:
        sampling: bandwidth of the grid.
    """

    weights: Tensor

    def __init__(self, sampling: int) -> None:
        super().__init__(weights=HaarWeights(sampling))

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, channel, beta, alpha, gamma)`` to ``(batch, channel)``."""
        return x.to(self.weights.dtype).mean((3, 4)) @ self.weights


class SO3BatchNorm(Layer):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` with means over the batch and over SO(3).

    A plain mean over the grid would count its crowded poles too often, and would change when the
    feature is rotated. Running variances are means as well, without Bessel's correction, for which
    a weighted mean has no count.

    Args:
        type_: the feature ``(batch, channel, beta, alpha, gamma)``.
        momentum: share of the present batch in the running statistics.
        eps: added to the variance.

    Source: Ioffe & Szegedy 2015.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, type_: SO3Type, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__(type_, type_)
        self.momentum, self.eps = momentum, eps
        self.haar = HaarMean(type_.sampling)
        self.weight = nn.Parameter(torch.ones(type_.channels))
        self.bias = nn.Parameter(torch.zeros(type_.channels))
        self.register_buffer("running_mean", torch.zeros(type_.channels))
        self.register_buffer("running_var", torch.ones(type_.channels))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.haar.weights.dtype)
            if self.training:
                mean = self.haar(x).mean(0)  # (batch, channel) -> (channel,)
                var = self.haar((x - _per_channel(mean)).square()).mean(0)
                self._remember(mean.detach(), var.detach())
            else:
                mean, var = self.running_mean, self.running_var
            slope = self.weight * torch.rsqrt(var + self.eps)
            return x * _per_channel(slope) + _per_channel(self.bias - mean * slope)

    @torch.no_grad()
    def _remember(self, mean: Tensor, var: Tensor) -> None:
        self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
        self.running_var.lerp_(var.to(self.running_var), self.momentum)


def _per_channel(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)  # (channel, beta, alpha, gamma)
