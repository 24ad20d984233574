"""Invariants of features: what no symmetry may change, whatever grid the feature lives on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gaugecnn.audit.layers import INVARIANT, Part, output, output_type, watching
from gaugecnn.layers import FeatureType, LayerFamily, SignalType
from gaugecnn.networks import Network


class FieldInvariants(nn.Module):
    """Of a signal the area-weighted mean of each scalar, and of each field the root mean square."""

    areas: Tensor

    def __init__(self, type_: SignalType) -> None:
        super().__init__()
        self.signal_type = type_
        areas = type_.domain.areas / type_.domain.areas.sum()
        self.register_buffer("areas", areas, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        flat, scalars = x.flatten(2), self.signal_type.channels
        weights = self.areas.to(flat)
        squares = flat.square() @ weights
        vectors = squares[:, scalars:].unflatten(1, (-1, 3)).sum(2)
        powers = torch.cat([squares[:, :scalars], vectors], dim=1)
        return torch.cat([flat[:, :scalars] @ weights, powers.sqrt()], dim=1)


class InvariantsOf(nn.Module):
    """The invariants of each part of a network: what its own method integrates a feature to.

    Args:
        network: whose parts.
        parts: they.
    """

    def __init__(self, network: Network, parts: list[Part]) -> None:
        super().__init__()
        like = next(network.parameters())
        self.network, self.parts = (network,), parts  # a tuple: it is no part of this module
        self.maps = {p.name: _map(network.family, p.gives, like) for p in parts}
        self.maps[""] = _map(network.family, output_type(network), like)

    @torch.no_grad()
    def forward(self, signal: Tensor) -> dict[str, Tensor]:
        """The invariants ``(batch, feature)`` of each part in the order of calls, and of all."""
        found: dict[str, Tensor] = {}

        def seen(part: Part, _: tuple[Tensor, ...], result: Tensor) -> None:
            read = self.maps[part.name]
            if read is not None:
                found[part.name] = read(result)

        (network,) = self.network
        with watching(self.parts, seen):
            result = output(network, signal)
        whole = self.maps[""]
        assert whole is not None  # of a signal, or of invariants
        found[""] = whole(result)
        return found


def _map(family: LayerFamily[Any], type_: FeatureType | None, like: Tensor) -> nn.Module | None:
    """What takes a feature to its invariants; None where its method has no integral of it."""
    if type_ is INVARIANT:
        return nn.Identity()
    if isinstance(type_, SignalType):
        return FieldInvariants(type_).to(like.device)
    try:
        return family.integrate(type_).to(like).eval()
    except TypeError:
        return None
