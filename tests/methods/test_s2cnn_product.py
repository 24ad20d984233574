"""Networks of the bounded product commute with every rotation, on grids just fine enough."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gaugecnn import build_model, load_config
from gaugecnn.heads import Head
from gaugecnn.methods.s2cnn import Rings, S2CNNFamily, S2CNNStage, SO3Type, so3_integrate
from gaugecnn.methods.s2cnn import family as families
from gaugecnn.methods.s2cnn.bounded import ProductNonlinearity, SpinProduct
from gaugecnn.methods.s2cnn.types import SpinType
from gaugecnn.networks import InvariantNetwork, Network
from gaugecnn.ops import parts
from gaugecnn.ops.products import circle_waves
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import random_rotations


@pytest.mark.parametrize("grid", Rings)
def test_values_and_derivatives(grid) -> None:
    layer = ProductNonlinearity(SO3Type(2, 3, 4, 1, grid)).double()
    x = torch.randn(2, *layer.type_in.shape, dtype=torch.float64, requires_grad=True)

    def slow(x: Tensor) -> Tensor:
        size = so3_integrate(x.square())[:, :, None, None, None]
        return x + x.square() / (2 * (1 + size).sqrt())

    torch.testing.assert_close(layer(x), slow(x))
    assert torch.autograd.gradcheck(layer, x, fast_mode=True)
    assert torch.autograd.gradgradcheck(layer, x, fast_mode=True)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    weights = torch.randn_like(x)
    gradients = [torch.autograd.grad((f(x) * weights).sum(), x)[0] for f in (compiled, slow)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_waves_give_what_points_give(order: int, monkeypatch) -> None:
    """Values and gradients, also a few rows at a time."""
    monkeypatch.setattr(parts, "CACHED", 100)
    type_ = SpinType(2, 4, 5, order, Rings.gauss_legendre)
    layer = SpinProduct(type_).double()
    waves = circle_waves(order, 3 * order + 1)
    x = torch.randn(2, *type_.shape, dtype=torch.float64, requires_grad=True)

    def slow(x: Tensor) -> Tensor:
        samples = x @ waves
        size = layer.mean(x.square().sum(-1, keepdim=True))[:, :, None, None, None]
        return (samples + samples.square() / (2 * (1 + size).sqrt())) @ waves.T / waves.shape[1]

    torch.testing.assert_close(layer(x), slow(x))
    assert torch.autograd.gradcheck(layer, x, fast_mode=True)
    assert torch.autograd.gradgradcheck(layer, x, fast_mode=True)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    weights = torch.randn_like(x)
    for f in (layer, compiled):
        gradients = [torch.autograd.grad((g(x) * weights).sum(), x)[0] for g in (f, slow)]
        torch.testing.assert_close(*gradients)


def test_a_network_of_waves_is_that_of_points(monkeypatch) -> None:
    x = torch.rand(3, 1, 16, 16, dtype=torch.float64)
    outputs = []
    for few in (families.FEW_ORDERS, -1):
        monkeypatch.setattr(families, "FEW_ORDERS", few)
        network = three_stages(None, None, None, max_order=2)
        outputs.append(network(x))
    assert isinstance(three_stages(None, None, None, max_order=2).blocks[0].type_out, SO3Type)
    torch.testing.assert_close(*outputs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e15])
def test_it_grows_no_faster_than_its_input(size: float) -> None:
    layer = ProductNonlinearity(SO3Type(2, 3, 4, 1, Rings.gauss_legendre))
    x = (size * torch.randn(2, *layer.type_in.shape)).requires_grad_()
    y = layer(x)
    y.sum().backward()
    points = x[0, 0].numel()
    assert (y.flatten(2).norm(dim=2) <= (1 + points**0.5) * x.flatten(2).norm(dim=2)).all()
    assert x.grad.abs().max() < 10 + points**0.5


def polynomial(points: Tensor, directions: Tensor) -> Tensor:
    """``sum_k T_k(x . y_k)``, k = 0, 1, .. (Chebyshev): no degrees above the last k."""
    angle = (points @ directions.mT).clamp(-1, 1).acos()
    return (torch.arange(directions.shape[1]) * angle).cos().sum(-1)  # (signal, point)


def invariance_error(network: Network, degrees: int) -> float:
    """The largest change of logits when signals of so many degrees are turned."""
    torch.manual_seed(0)
    domain = network.domain
    y = torch.nn.functional.normalize(torch.randn(3, degrees, 3, dtype=torch.float64), dim=-1)
    points = domain.points.double()

    def logits(directions: Tensor) -> tuple[Tensor, Tensor]:
        x = polynomial(points, directions).unflatten(1, domain.shape).unsqueeze(1)
        return x, network(x.to(next(network.parameters()).dtype)).double()

    with torch.no_grad():
        for _ in range(8):
            network.train()(logits(y)[0].to(next(network.parameters()).dtype))
        network.eval()
        x, still = logits(y)
        errors = []
        for matrix in random_rotations(3, torch.Generator().manual_seed(1)):
            turned, moved = logits(y @ matrix.double().T)
            assert (turned - x).abs().max() > 0.5 * x.std()  # the signal really changes
            errors.append((moved - still).abs().max())
    return float(max(errors) / (still - still.roll(1, 0)).abs().max())


def three_stages(
    *samplings: float | None, max_order: int | None = None, grid: Rings = Rings.gauss_legendre
) -> Network:
    """Cut-offs 6, 4, 3: bandwidths 7, 5 and 3 are just enough."""
    torch.manual_seed(0)
    family = S2CNNFamily(LatLonGrid(8), max_order=max_order, grid=grid)
    stages = [
        S2CNNStage(c, max_beta=0.6, bandwidth=b, n_alpha=4, n_beta=2, sampling=s)
        for c, b, s in zip((4, 5, 6), (6, 4, 3), samplings, strict=True)
    ]
    return InvariantNetwork(family, stages, Head(), 4).double()


@pytest.mark.parametrize("grid", Rings)
@pytest.mark.parametrize("max_order", [None, 2, 1])
def test_a_grid_may_be_as_coarse_as_the_next_stage_allows(max_order, grid) -> None:
    options = {"max_order": max_order, "grid": grid}
    network = three_stages(None, None, None, **options)
    grids = [block.type_out.sampling for block in network.blocks]
    assert grids == [7, 5, 3]
    assert invariance_error(network, 6) < 1e-10
    for coarser in ((1.0, 5 / 4, 1.0), (7 / 6, 1.0, 1.0)):
        assert invariance_error(three_stages(*coarser, **options), 6) > 1e-6


@pytest.mark.parametrize("max_order", [1, 2, 3, 4])
def test_gamma_points_are_just_enough(max_order, monkeypatch) -> None:
    """Of a product of orders nothing falls on an order that the next stage takes."""
    monkeypatch.setattr(families, "FEW_ORDERS", -1)
    torch.manual_seed(0)
    network = three_stages(None, None, None, max_order=max_order)
    assert invariance_error(network, 6) < 1e-10
    gamma_points = {1: 4, 2: 8, 3: 10, 4: 12}  # the next stage has degrees, and so orders, below 4
    assert network.blocks[0].type_out.gamma_points == gamma_points[max_order]


def test_one_and_a_half_is_always_enough() -> None:
    assert invariance_error(three_stages(1.5, 1.5, 1.5), 6) < 1e-10


@pytest.mark.parametrize(
    ("words", "dtype", "limits"),
    [
        ([], torch.float64, (0, 1e-9)),
        ([], torch.float32, (0, 1e-4)),
        (["model.nonlinearity=gelu"], torch.float64, (1e-4, 1)),
        (["model.classification.stages[0].sampling=1.2"], torch.float64, (1e-6, 1)),
    ],
)
def test_s2cnn_100k_is_exact(words, dtype, limits) -> None:
    network = build_model(load_config("s2cnn_100k", overrides=["domain.bandwidth=24", *words]))
    assert limits[0] <= invariance_error(network.to(dtype), 24) < limits[1]
