"""Batch norm of gauge features: by the statistics that no choice of frame changes."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.batch_norm import WeightedBatchNorm


class GaugeBatchNorm(Layer):
    """Order 0 to mean 0 and variance 1, higher orders to mean square norm 1, area-weighted.

    ``f_0 -> w (f_0 - mean) / std + b`` and ``f_m -> w f_m / sqrt(mean |f_m|^2)``; means run over
    the batch and over the surface with its area element. Evaluation uses running statistics.

    Args:
        type_: type of the feature.
    """

    def __init__(self, type_: GaugeType) -> None:
        super().__init__(type_, type_)
        scalars, others = type_.multiplicities[0], sum(type_.multiplicities[1:])
        areas = torch.from_numpy(type_.surface.areas / type_.surface.total_area)
        # (vertex, component); re and im of a channel share its statistics
        self.norm = WeightedBatchNorm(areas, [1] * scalars + [2] * others, scalars)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)
