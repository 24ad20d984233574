"""Batch normalisation whose statistics are means over the group, read from the spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.fourier import as_stored
from gaugecnn.methods.s2cnn.layers import S2Conv, SO3Conv
from gaugecnn.methods.s2cnn.rings import RingGrid
from gaugecnn.methods.s2cnn.spectrum import Blocks, add_constant
from gaugecnn.methods.s2cnn.tables import Table, TableModule


@dataclass(frozen=True)
class HaarWeights(Table):
    """The weight of each ring of the grid in a mean over SO(3), ``(beta,)``; they sum to 1."""

    rings: RingGrid

    def build(self) -> Tensor:
        return self.rings.weights()


class HaarMean(TableModule):
    """The mean over SO(3) in the Haar measure.

    Args:
        rings: the rings of the grid.
    """

    weights: Tensor

    def __init__(self, rings: RingGrid) -> None:
        super().__init__(weights=HaarWeights(rings))

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, channel, beta, alpha, gamma)`` to ``(batch, channel)``."""
        rings = as_stored(x.to(self.weights.dtype)).mean((0, 1))  # (batch, channel, beta)
        return rings @ self.weights


class SO3BatchNorm(nn.Module):
    """``(x - mean) / sqrt(var + eps) * weight``, means over the batch and over SO(3).

    Both are read from the spectrum: ``mean x = x^0_00`` and, by Parseval,
    ``mean x^2 = sum_l (2l + 1) sum_mn |x^l_mn|^2``. A spectrum is several times smaller than the
    feature on its grid. A plain mean over the grid would count its crowded poles too often, and
    would change when the feature is rotated. Running variances are means as well, without
    Bessel's correction.

    Args:
        blocks: how the degrees of the spectrum are taken together.
        channels: channels of the feature.
        momentum: weight of a new batch in the running statistics.
        epsilon: added to variances.

    Source: Ioffe & Szegedy 2015.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, blocks: Blocks, channels: int, momentum: float = 0.1, epsilon: float = 1e-5
    ) -> None:
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self._degrees = blocks.degrees

    def forward(self, parts: list[Tensor]) -> list[Tensor]:
        """Parts ``(degree, m, batch, n, channel, re/im)`` of a spectrum, the same normalised."""
        if self.training:
            mean, var = self._statistics(parts)
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                self.running_var.lerp_(var.to(self.running_var), self.momentum)
        else:
            mean, var = (s.to(parts[0].dtype) for s in (self.running_mean, self.running_var))
        slope = self.weight.to(parts[0].dtype) * torch.rsqrt(var + self.epsilon)
        return add_constant([part * slope[:, None] for part in parts], -mean * slope)

    def _statistics(self, parts: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel."""
        batch, orders = parts[0].shape[2:4]
        mean = parts[0][0, 0, :, orders // 2, :, 0].mean(0)
        power = torch.zeros_like(mean)
        for part, degrees in zip(parts, self._degrees, strict=True):
            flat = part.flatten(2, 3).flatten(3)  # (degree, m, batch n, channel re/im)
            energy = flat.square().sum(2)
            weights = energy.new_full(energy.shape[:2], 2.0)  # both signs of m
            weights[:, 0] = 1.0
            degree = torch.arange(degrees.start, degrees.stop, device=part.device)
            weights = weights * (2 * degree + 1)[:, None]
            power = power + torch.einsum("lmc,lm->c", energy, weights).view(-1, 2).sum(1)
        return mean, (power / batch - mean.square()).clamp_min(0)


class NormalisedConv(Layer):
    """A convolution whose result is normalised in its spectrum, before it is sampled.

    The bias of the convolution is that of the normalisation.
    """

    def __init__(self, convolution: S2Conv | SO3Conv) -> None:
        super().__init__(convolution.type_in, convolution.type_out)
        self.convolution = convolution
        self.norm = SO3BatchNorm(convolution.product.blocks, convolution.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return self.convolution.signal(self.norm(self.convolution.spectrum(x)))
