"""The interface of layers: what does not fit is refused when it is wired, by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gaugecnn.layers import Chain, FeatureType, Identity, Layer, SignalType, expect
from gaugecnn.methods.gcn import VertexMix, VertexType
from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.surfaces import Icosphere, LatLonGrid


class Times(Layer):
    """A layer with a layer of its own, whose text takes several lines."""

    def __init__(self, type_in: FeatureType, type_out: FeatureType, factor: float) -> None:
        super().__init__(type_in, type_out)
        self.inner = nn.Identity()
        self.factor = factor

    def forward(self, x):
        return self.factor * self.inner(x)


def plane(channels: int, size: int = 4) -> PlaneType:
    return PlaneType(channels, size, size)


def test_a_chain_runs_its_layers_in_order():
    first, second = VertexType(2, Icosphere(1).surface), VertexType(3, Icosphere(1).surface)
    layers = VertexMix(first, second), VertexMix(second, first)
    chain = Chain(*layers)
    assert (chain.type_in, chain.type_out) == (first, first)
    x = torch.randn(4, *first.shape)
    assert torch.equal(chain(x), layers[1](layers[0](x)))
    assert not torch.equal(chain(x), x)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (plane(2), plane(3)),  # channels
        (plane(2), PlaneType(2, 4, 5)),  # one axis
        (plane(2), VertexType(2, Icosphere(1).surface)),  # kind
        (plane(2), SignalType(2, LatLonGrid(2))),  # the same shape, and yet
    ],
)
def test_a_mismatch_names_both_types(before, after):
    layers = Identity(before), Times(before, before, 2.0), Times(after, after, 3.0)
    with pytest.raises(TypeError) as refused:
        Chain(*layers)
    expected = f"expected a layer that takes {before} behind Times, got Times, which takes {after}"
    assert str(refused.value) == expected


def test_a_mismatch_is_found_between_any_two_neighbours():
    narrow, wide = plane(2), plane(5)
    fits = Times(narrow, wide, 1.0), Times(wide, narrow, 1.0)
    assert Chain(*fits, *fits).type_out == narrow
    for at in range(1, 4):
        layers = [*fits, *fits]
        layers.insert(at, layers[at - 1])  # once too often
        with pytest.raises(TypeError, match="expected a layer that takes"):
            Chain(*layers)


def test_what_is_expected_is_named():
    assert expect(plane(2), PlaneType) == plane(2)
    with pytest.raises(TypeError, match="expected a feature of VertexType, got 2 planes 4x4"):
        expect(plane(2), VertexType)
