"""The isotropic baseline: PyTorch Geometric's layer, and its surroundings."""

from __future__ import annotations

import copy

import pytest
import torch
from torch_geometric.nn import ChebConv

from gaugecnn.geometry.surface import Surface
from gaugecnn.methods.gcn import VertexType
from gaugecnn.methods.gcn.layers import ChebyshevConvolution, VertexBatchNorm
from gaugecnn.surfaces import Icosphere, TriangleMesh
from tests.surfaces.test_mesh import torus

SURFACES = {"sphere": lambda: Icosphere(2).surface, "torus": lambda: TriangleMesh(*torus()).surface}


def theirs(layer: ChebyshevConvolution, x: torch.Tensor) -> torch.Tensor:
    """What `ChebConv` makes of the edges themselves."""
    target, source = (torch.from_numpy(i) for i in layer.type_in.surface.mesh.neighbours)
    own = layer.convolution
    plain = ChebConv(own.in_channels, own.out_channels, len(own.lins)).to(x.dtype)
    plain.load_state_dict(own.state_dict())
    return plain(x.transpose(1, 2), torch.stack([source, target])).transpose(1, 2)


def convolution(surface: Surface, hops: int) -> ChebyshevConvolution:
    layer = ChebyshevConvolution(VertexType(3, surface), VertexType(4, surface), hops)
    torch.nn.init.normal_(layer.convolution.bias)
    return layer


@pytest.mark.parametrize("hops", [1, 2, 4])
@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_the_kept_laplacian_is_that_of_chebconv(surface, hops):
    layer = convolution(surface(), hops)
    x = torch.randn(2, *layer.type_in.shape)
    torch.testing.assert_close(layer(x), theirs(layer, x))
    for other in (layer.double(), copy.deepcopy(layer).float().double()):
        torch.testing.assert_close(
            other(x.double()), theirs(other, x.double()), atol=1e-14, rtol=1e-12
        )


def test_gradients_are_those_of_chebconv():
    layer = convolution(Icosphere(1).surface, 3).double()
    x = torch.randn(2, *layer.type_in.shape, dtype=torch.float64, requires_grad=True)
    ours, other = (
        torch.autograd.grad(y.square().sum(), x)[0] for y in (layer(x), theirs(layer, x))
    )
    torch.testing.assert_close(ours, other)


def test_the_laplacian_is_computed_once(monkeypatch):
    layer = convolution(Icosphere(1).surface, 3)

    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr(ChebConv, "__norm__", never)
    layer(torch.randn(2, *layer.type_in.shape))
    assert set(layer.state_dict()) == {"convolution.bias"} | {
        f"convolution.lins.{k}.weight" for k in range(3)
    }


def test_batch_norm_is_area_weighted():
    surface = TriangleMesh(*torus()).surface
    assert surface.areas.max() > 2 * surface.areas.min()
    layer = VertexBatchNorm(VertexType(2, surface)).double()
    x = 3 + torch.randn(5, 2, len(surface), dtype=torch.float64)
    areas = torch.from_numpy(surface.areas / surface.total_area)
    y = layer(x)
    torch.testing.assert_close((y @ areas).mean(0), torch.zeros(2).double())
    power = (y.square() @ areas).mean(0)
    torch.testing.assert_close(power, torch.ones(2).double(), rtol=1e-4, atol=0)
    assert (y.mean((0, 2)).abs() > 1e-3).any()
