"""Batch normalisation whose statistics are means over the group, read from the spectrum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.layers import S2Conv, SO3Conv
from gaugecnn.methods.s2cnn.rings import RingGrid
from gaugecnn.methods.s2cnn.spectral.fourier import as_stored
from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, add_constant, constant
from gaugecnn.methods.s2cnn.spectral.tables import Table, TableModule
from gaugecnn.ops.signature import bound_once


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
    ``mean x^2 = sum_l (2l + 1) sum_MN (x^l_MN)^2``, in real orders. A spectrum is several times
    smaller than the feature on its grid. A plain mean over the grid would count its crowded poles
    too often, and would change when the feature is rotated. Running variances are means as well,
    without Bessel's correction.

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
        self._blocks = blocks

    def forward(self, parts: list[Tensor]) -> list[Tensor]:
        """Parts ``(degree, m, cos/sin, batch, N, channel)`` of a spectrum, the same normalised."""
        weight = self.weight.to(parts[0].dtype)
        if self.training:
            mean, var, *normalised = _Normalise.apply(weight, self._blocks, self.epsilon, *parts)
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                self.running_var.lerp_(var.to(self.running_var), self.momentum)
            return normalised
        slope = weight * torch.rsqrt(self.running_var.to(weight.dtype) + self.epsilon)
        mean = self.running_mean.to(weight.dtype)
        return add_constant([part * slope for part in parts], -mean * slope)


class _Normalise(torch.autograd.Function):
    """The parts of a batch by its own statistics, behind their mean and variance.

    With ``y = weight (x - mean) root``, ``root = (var + eps)^(-1/2)``, B the batch and d_l the
    number of orders of a degree,

        dL/dx = weight root g + (2 d_var d_l x + d_mean) / B,
        d_var = -weight root^3 (sum of g (x - mean)) / 2,  d_mean = -2 mean d_var - weight root g_0,

    where the mean, and g_0, the sum over the batch, are of the constant function alone.
    """

    @staticmethod
    @bound_once
    def forward(
        weight: Tensor, blocks: Blocks, epsilon: float, *parts: Tensor
    ) -> tuple[Tensor, ...]:
        mean, var = _statistics(parts, blocks)
        slope = weight * torch.rsqrt(var + epsilon)
        scaled = [part * slope for part in parts]
        constant(scaled).sub_(mean * slope)
        return mean, var, *scaled

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        weight, ctx.blocks, ctx.epsilon, *parts = inputs
        mean, var = output[:2]
        ctx.mark_non_differentiable(mean, var)
        ctx.save_for_backward(weight, mean, var, *parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, mean, var, *parts = ctx.saved_tensors
        given, batch = gradients[2:], parts[0].shape[3]
        root = torch.rsqrt(var + ctx.epsilon)
        slope, first = weight * root, constant(given).sum(0)  # (channel,)
        against = -mean * first
        for g, x in zip(given, parts, strict=True):
            against = against + _sums(g * x).sum(0)
        d_var = -slope * root.square() * against / 2
        d_mean = -2 * mean * d_var - slope * first
        found = []
        for g, x, size in zip(given, parts, _sizes(parts, ctx.blocks), strict=True):
            bent = size * (2 * d_var / batch)  # (degree, channel)
            found.append(torch.addcmul(g * slope, x, bent[:, None, None, None, None]))
        constant(found).add_(d_mean / batch)
        return root * against, None, None, *found


def _statistics(parts: Sequence[Tensor], blocks: Blocks) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel."""
    mean = constant(parts).mean(0)
    power = torch.zeros_like(mean)
    for part, size in zip(parts, _sizes(parts, blocks), strict=True):
        power = power + (_sums(part.square()) * size).sum(0)
    return mean, (power / parts[0].shape[3] - mean.square()).clamp_min(0)


def _sizes(parts: Sequence[Tensor], blocks: Blocks) -> Iterator[Tensor]:
    """How often each degree counts in a mean of squares, ``(degree, 1)``."""
    for part, degrees in zip(parts, blocks.degrees, strict=True):
        degree = torch.arange(degrees.start, degrees.stop, device=part.device)
        yield (2 * degree + 1).to(part.dtype)[:, None]


def _sums(part: Tensor) -> Tensor:
    """The sums over all but degrees and channels, ``(degree, channel)``."""
    return part.flatten(1, 4).sum(1)


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
