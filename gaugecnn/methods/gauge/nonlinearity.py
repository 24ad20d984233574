"""Nonlinearities that commute with a change of frames."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.types import GaugeType

SHARPNESS = 2.0
"""How fast a gate opens with the norm; features come from a batch norm with norms of about 1."""

SOFTENING = 0.03
"""What is added to norms, in quadrature, so that a gate is smooth where the feature vanishes."""


class NormGate(Layer):
    """GELU on order 0, and ``f_m -> sigmoid(2 (|f_m| + b)) f_m`` on the others: exact.

    The norm does not depend on the frame, so neither does the gate (Worrall et al. 2017, eq. 13,
    with a sigmoid for their ReLU). A gate never exceeds 1, so that it cannot blow up what is left
    of a feature that vanishes, rounding that differs from frame to frame; and it has no kink, so
    that rounding does not flip its derivative either.

    Args:
        type_: type of the feature.
    """

    type_in: GaugeType

    def __init__(self, type_: GaugeType) -> None:
        super().__init__(type_, type_)
        complex_channels = sum(type_.multiplicities[1:])
        self.threshold = nn.Parameter(torch.full((complex_channels,), -1.0))

    def forward(self, x: Tensor) -> Tensor:
        scalars = self.type_in.multiplicities[0]
        first, rest = x.split([scalars, x.shape[-1] - scalars], dim=-1)
        invariant = nn.functional.gelu(first)
        if self.threshold.numel() == 0:
            return invariant
        pairs = rest.unflatten(-1, (-1, 2))  # (batch, vertex, channel, re-im)
        norm = (pairs.square().sum(-1, keepdim=True) + SOFTENING**2).sqrt()
        gate = torch.sigmoid(SHARPNESS * (norm + self.threshold[:, None]))
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
