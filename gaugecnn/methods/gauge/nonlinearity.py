"""Nonlinearities that commute with a change of frames."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.product import bounded_product, waves
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.products import product_table

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
    """ReLU on the circle of directions; its error falls with the number of angles.

    ``g(t) = f_0 + sqrt(2) sum_m Re(f_m e^{imt})`` is sampled, the ReLU taken, and the orders read
    back. Turning the frame shifts g, so that the layer commutes with it up to what the samples
    cannot tell from the orders that are kept.

    Args:
        type_: type of the feature, with the same multiplicity in every order.
        angles: samples on the circle.

    Raises:
        ValueError: multiplicities differ, or there are too few angles for the highest order.

    Source: de Haan et al. 2021, section 5.
    """

    type_in: GaugeType

    def __init__(self, type_: GaugeType, angles: int = 16) -> None:
        super().__init__(type_, type_)
        orders = _orders_of_equal_width(type_)
        if angles < 2 * orders - 1:
            raise ValueError(f"expected at least {2 * orders - 1} angles for {type_}, got {angles}")
        self._basis: Tensor
        self.register_buffer("_basis", waves(orders, angles), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        blocks = self.type_in.blocks(x)
        fields = torch.cat(blocks, dim=-1)  # (batch, vertex, channel, component)
        basis = self._basis.to(fields)  # (component, angle)
        back = torch.relu(fields @ basis) @ basis.T / basis.shape[1]
        widths = [block.shape[-1] for block in blocks]
        return torch.cat([part.flatten(-2) for part in back.split(widths, dim=-1)], dim=-1)

    @property
    def samples(self) -> int:
        """Angles on the circle."""
        return self._basis.shape[1]


class ProductNonlinearity(Layer):
    """``g + g^2 / (2 sqrt(1 + |g|^2))`` on the circle, exact: the product of orders of one channel.

    For orders up to 2, in which the square is cut off,

        f_0 + (f_0^2 + |f_1|^2 + |f_2|^2) / 2 n
        f_1 + (f_0 f_1 + conj(f_1) f_2 / sqrt(2)) / n
        f_2 + (f_0 f_2 + f_1^2 / (2 sqrt(2))) / n        n^2 = 1 + mean (f_0^2 + |f_1|^2 + |f_2|^2)

    as Kondor, Lin & Trivedi (2018) have products of degrees on the sphere. Gates know norms alone;
    here what two orders of a channel say of each other's direction is seen too. n is one number for
    each sample and channel, from the mean over the surface, which no frame changes: with it no
    feature grows faster than what comes in, whatever a network is shown, and yet what stands out
    on a surface is squared. A norm at each vertex bounds as well, but leaves nothing squared where
    the feature is large.

    Args:
        type_: type of the feature, with the same multiplicity in every order.

    Raises:
        ValueError: multiplicities differ.
    """

    type_in: GaugeType
    _areas: Tensor

    def __init__(self, type_: GaugeType) -> None:
        super().__init__(type_, type_)
        orders = _orders_of_equal_width(type_)
        self._table = product_table(waves(orders, 3 * orders))
        areas = torch.from_numpy(type_.surface.areas / type_.surface.total_area)
        self.register_buffer("_areas", areas, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
            by_vertex = x.transpose(0, 1)  # (vertex, batch, component), as convolutions leave it
            y = bounded_product(by_vertex.contiguous(), self._areas.to(x), self._table)
            return y.transpose(0, 1)


def _orders_of_equal_width(type_: GaugeType) -> int:
    """How many orders a feature has, once each is known to have as many channels."""
    if len(set(type_.multiplicities)) != 1:
        raise ValueError(f"expected the same multiplicity in every order, got {type_}")
    return len(type_.multiplicities)
