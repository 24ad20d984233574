"""Signals into gauge features, features at one vertex, and features back into scalars."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaugecnn.layers import Integral, Layer, Projection
from gaugecnn.methods.gauge.types import GaugeType


class SignalToFeature(Layer):
    """A signal ``(batch, channel, vertex)`` as an order-0 feature ``(batch, vertex, channel)``."""

    def __init__(self, type_: GaugeType) -> None:
        super().__init__(type_, type_)

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


class SelfInteraction(Layer):
    """A complex linear map of each order at each vertex, no neighbours and no bias.

    ``f'_m = S_m f_m``; orders that the input lacks are 0. One `weight` per common order,
    ``(out channel, in channel, re-im)``, real for order 0.

    Args:
        type_in: type of the input.
        type_out: type of the output, on the same mesh.

    Raises:
        ValueError: the two live on different levels.
    """

    type_in: GaugeType
    type_out: GaugeType

    def __init__(self, type_in: GaugeType, type_out: GaugeType) -> None:
        super().__init__(type_in, type_out)
        if type_in.surface is not type_out.surface:
            raise ValueError(
                f"expected types on one mesh, got {type_in.surface} and {type_out.surface}"
            )
        self.weight = nn.ParameterDict()
        for m in sorted(set(type_in.orders) & set(type_out.orders)):
            shape = (type_out.multiplicities[m], type_in.multiplicities[m], 1 if m == 0 else 2)
            self.weight[str(m)] = nn.Parameter(torch.randn(shape) / (shape[1] * shape[2]) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        parts = []
        blocks = dict(zip(self.type_in.orders, self.type_in.blocks(x), strict=True))
        for m, width in zip(self.type_out.orders, self.type_out.widths, strict=True):
            if str(m) not in self.weight:
                parts.append(x.new_zeros(*x.shape[:-1], width))
                continue
            weight = self.weight[str(m)]  # (out channel, in channel, re-im)
            block = blocks[m]  # (batch, vertex, in channel, re-im)
            out = block.transpose(-1, -2) @ weight[..., 0].T  # (batch, vertex, re-im, out channel)
            if m > 0:
                turned = torch.stack([-block[..., 1], block[..., 0]], dim=-2)  # i f
                out = out + turned @ weight[..., 1].T
            parts.append(out.transpose(-1, -2).flatten(-2))
        return torch.cat(parts, dim=-1)


class ScalarField(Projection):
    """The order-0 output of a last convolution, ``(batch, channel, vertex)``."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.type_in = layer.type_in
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).transpose(1, 2)


class GaugeIntegral(Integral):
    """Area-weighted means of order 0 and of the norms of the other orders, ``(batch, channel)``."""

    def __init__(self, type_in: GaugeType) -> None:
        super().__init__()
        self.type_in: GaugeType = type_in
        self.features = sum(type_in.multiplicities)
        areas = torch.from_numpy(type_in.surface.areas / type_in.surface.total_area)
        self.register_buffer("_areas", areas, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        scalars = self.type_in.multiplicities[0]
        first, rest = x.split([scalars, x.shape[-1] - scalars], dim=-1)
        pairs = rest.unflatten(-1, (-1, 2))  # (batch, vertex, channel, re-im)
        norms = (pairs.square().sum(-1) + 1e-8).sqrt()
        invariants = torch.cat([first, norms], dim=-1)
        return torch.einsum("v,bvc->bc", self._areas.to(x), invariants)
