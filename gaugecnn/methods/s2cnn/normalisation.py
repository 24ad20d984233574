"""Batch normalisation whose statistics are means over the group."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.tables import Table, TableModule
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.ops.batch_norm import WeightedBatchNorm
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

    Source: Ioffe & Szegedy 2015.
    """

    def __init__(self, type_: SO3Type) -> None:
        super().__init__(type_, type_)
        ring = quadrature_weights(type_.sampling) / type_.gamma_points  # they sum to 1
        points = ring[:, None, None]  # (beta, alpha, gamma)
        self.norm = WeightedBatchNorm(points[None], 0, [1] * type_.channels, type_.channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)
