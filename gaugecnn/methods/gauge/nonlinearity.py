"""Nonlinearities that commute with a change of frames."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.types import GaugeType

SOFTENING = 0.03
"""What is added to norms, in quadrature; features come from a batch norm with norms of about 1."""


class NormGate(Layer):
    """ReLU on order 0, and ``f_m -> relu(|f_m| + b) f_m / |f_m|`` on the others: exact.

    The norm does not depend on the frame, so neither does the gate (Worrall et al. 2017, eq. 13).
    With b > 0 it would blow up whatever is left of a feature that vanishes, as on an empty
    background, where that is rounding, and different in each frame; so norms are softened,
    ``|f|^2 + 0.03^2``.

    Args:
        type_: type of the feature.
    """

    type_in: GaugeType

    def __init__(self, type_: GaugeType) -> None:
        super().__init__(type_, type_)
        complex_channels = sum(type_.multiplicities[1:])
        # Features come from a batch norm with |f| about 1: a third of that is gated off at first.
        self.threshold = nn.Parameter(torch.full((complex_channels,), -0.3))

    def forward(self, x: Tensor) -> Tensor:
        scalars = self.type_in.multiplicities[0]
        first, rest = x.split([scalars, x.shape[-1] - scalars], dim=-1)
        invariant = torch.relu(first)
        if self.threshold.numel() == 0:
            return invariant
        pairs = rest.unflatten(-1, (-1, 2))  # (batch, vertex, channel, re-im)
        norm = (pairs.square().sum(-1, keepdim=True) + SOFTENING**2).sqrt()
        gate = torch.relu(norm + self.threshold[:, None]) / norm
        return torch.cat([invariant, (gate * pairs).flatten(-2)], dim=-1)


class RegularNonlinearity(Layer):
    """ReLU on the circle: sample ``g(t) = f_0 + 2 sum_m Re(f_m e^{imt})``, ReLU, transform back.

    Turning the frame shifts g, so that the error comes from sampling alone and falls with the
    number of angles (de Haan et al. 2021, section 5).

    Args:
        type_: type of the feature, with the same multiplicity in every order.
        angles: samples on the circle.

    Raises:
        ValueError: multiplicities differ, or there are too few angles for the highest order.
    """

    type_in: GaugeType

    def __init__(self, type_: GaugeType, angles: int = 16) -> None:
        super().__init__(type_, type_)
        if len(set(type_.multiplicities)) != 1:
            raise ValueError(f"expected the same multiplicity in every order, got {type_}")
        orders = len(type_.multiplicities)
        if angles < 2 * orders - 1:
            raise ValueError(f"expected at least {2 * orders - 1} angles for {type_}, got {angles}")
        t = 2 * math.pi * torch.arange(angles, dtype=torch.float64) / angles
        waves = [torch.ones_like(t)]
        for m in range(1, orders):
            waves += [torch.cos(m * t), -torch.sin(m * t)]  # Re(f e^{imt}) = re cos - im sin
        synthesis = torch.stack(waves)  # (component, angle)
        weight = torch.full((len(waves), 1), 2.0, dtype=torch.float64)
        weight[0] = 1.0
        self._synthesis: Tensor
        self._analysis: Tensor
        self.register_buffer("_synthesis", weight * synthesis, persistent=False)
        self.register_buffer("_analysis", synthesis.T / angles, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        blocks = self.type_in.blocks(x)
        fields = torch.cat(blocks, dim=-1)  # (batch, vertex, channel, component)
        samples = torch.relu(fields @ self._synthesis.to(fields))
        back = samples @ self._analysis.to(fields)
        widths = [block.shape[-1] for block in blocks]
        return torch.cat([part.flatten(-2) for part in back.split(widths, dim=-1)], dim=-1)
