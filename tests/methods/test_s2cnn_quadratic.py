"""Networks of the quadratic nonlinearity commute with every rotation, on grids just fine enough."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gaugecnn import build_model, load_config
from gaugecnn.methods.s2cnn import S2CNNFamily, S2CNNStage
from gaugecnn.networks import Classifier, Head, Network
from gaugecnn.ops.quadratic import quadratic
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import random_rotations


def test_values_and_derivatives() -> None:
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(quadratic(x), x + x.square() / 2)
    assert torch.autograd.gradcheck(quadratic, x)
    assert torch.autograd.gradgradcheck(quadratic, x)
    compiled = torch.compile(quadratic, backend="aot_eager", fullgraph=True)
    (gradient,) = torch.autograd.grad(compiled(x).sum(), x)
    torch.testing.assert_close(gradient, 1 + x)


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


def three_stages(*samplings: float, max_order: int | None = None) -> Network:
    """Cut-offs 6, 4, 3: bandwidths 7, 5 and 3 are just enough."""
    torch.manual_seed(0)
    family = S2CNNFamily(LatLonGrid(8), max_order=max_order, nonlinearity="quadratic")
    stages = [
        S2CNNStage(c, max_beta=0.6, bandwidth=b, n_alpha=4, n_beta=2, sampling=s)
        for c, b, s in zip((4, 5, 6), (6, 4, 3), samplings, strict=True)
    ]
    return Classifier(family, stages, Head(), 4).double()


@pytest.mark.parametrize("max_order", [None, 1])
def test_a_grid_may_be_as_coarse_as_the_next_stage_allows(max_order: int | None) -> None:
    just = (7 / 6, 5 / 4, 1.0)
    assert invariance_error(three_stages(*just, max_order=max_order), 6) < 1e-10
    for coarser in ((1.0, 5 / 4, 1.0), (7 / 6, 1.0, 1.0)):
        assert invariance_error(three_stages(*coarser, max_order=max_order), 6) > 1e-6


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
def test_s2cnn_91k_is_exact(words, dtype, limits) -> None:
    network = build_model(load_config("s2cnn_91k", overrides=["domain.bandwidth=20", *words]))
    assert limits[0] <= invariance_error(network.to(dtype), 20) < limits[1]
