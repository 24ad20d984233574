"""Signals into gauge features, features at one vertex, and features back into scalars."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaugecnn.layers import Integral, Layer, Projection, SignalType, expect
from gaugecnn.methods.gauge.reframing import turned_domain
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.methods.gauge.vectors import feature_to_vectors, vectors_to_feature
from gaugecnn.ops.shallow import shallow
from gaugecnn.surfaces.mesh_domain import MeshDomain
from gaugecnn.surfaces.symmetry import FrameChange


class SignalToFeature(Layer):
    """A signal ``(batch, channel, vertex)`` as a feature ``(batch, vertex, component)``.

    Scalars are of order 0. A vector in space is its component along the normal, of order 0, and its
    part in the tangent plane, of order 1 (`vectors_to_feature`).

    Args:
        type_in: the signal.
        domain: the mesh, in whose frames the vectors are written.
    """

    type_out: GaugeType

    def __init__(self, type_in: SignalType, domain: MeshDomain) -> None:
        orders = (type_in.channels + type_in.vectors, type_in.vectors)
        super().__init__(
            type_in, GaugeType(orders if type_in.vectors else orders[:1], domain.surface)
        )
        self.scalars, self.domain = type_in.channels, domain

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)  # (batch, vertex, channel)
        if x.shape[-1] == self.scalars:
            return x
        vectors = vectors_to_feature(x[..., self.scalars :].unflatten(-1, (-1, 3)), self.domain)
        return torch.cat([x[..., : self.scalars], vectors], -1)

    def reframed(self, change: FrameChange) -> SignalToFeature:
        other = shallow(self)
        other.domain = turned_domain(self.domain, change)
        return other


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


class FieldProjection(Projection):
    """Orders 0 and 1 of a last convolution as scalars and tangent vectors on the mesh.

    An order-1 number f is the tangent vector ``Re f e1 + Im f e2``.

    Args:
        layer: the convolution, to the type ``"Cx0"`` or ``"Cx0+Vx1"`` on the vertices of `domain`.
        domain: the mesh, in whose frames the vectors are written.
    """

    def __init__(self, layer: Layer, domain: MeshDomain) -> None:
        scalars, *vectors = expect(layer.type_out, GaugeType).multiplicities
        super().__init__(layer.type_in, SignalType(scalars, domain, sum(vectors)))
        self.layer, self.domain = layer, domain
        self.scalars, self.vectors = scalars, sum(vectors)

    def forward(self, x: Tensor) -> Tensor:
        fields = self.layer(x)  # (batch, vertex, component)
        if self.vectors == 0:
            return fields.transpose(1, 2)
        scalars, tangent = fields[..., : self.scalars], fields[..., self.scalars :]
        normal = fields.new_zeros(*fields.shape[:2], self.vectors)
        vectors = feature_to_vectors(torch.cat([normal, tangent], -1), self.domain)
        return torch.cat([scalars, vectors.flatten(2)], -1).transpose(1, 2)

    def reframed(self, change: FrameChange) -> FieldProjection:
        other = shallow(self)
        other.domain = turned_domain(self.domain, change)
        return other


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
