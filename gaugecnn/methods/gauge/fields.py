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
        if not self.weight:  # no order in common
            return x.new_zeros(*x.shape[:-1], self.type_out.components)
        return x @ self.matrix().to(x)

    def matrix(self) -> Tensor:
        """The map as one real matrix, ``(input component, output component)``."""
        shape = self.type_in.components, self.type_out.components
        whole = next(iter(self.weight.values())).new_zeros(shape)
        for order, weight in self.weight.items():
            m = int(order)
            block = weight.transpose(0, 1)  # (in channel, out channel, re-im)
            if m > 0:  # (re + i im)(a + i b), (in channel, re-im, out channel, re-im)
                a, b = block.unbind(-1)
                rows = [torch.stack([a, b], -1), torch.stack([-b, a], -1)]
                block = torch.stack(rows, 1).flatten(2).flatten(0, 1)
            whole[self.type_in.slice_of(m), self.type_out.slice_of(m)] = block.flatten(1)
        return whole


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
