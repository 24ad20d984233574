"""The local error against derivatives that are known in closed form."""

from __future__ import annotations

import pytest
import torch

from gaugecnn import audit_model, build_model, load_config
from gaugecnn.audit import RandomFunctions, randomised
from gaugecnn.audit.lie import lie_derivative, step_of
from gaugecnn.layers import SignalType
from gaugecnn.surfaces import LatLonGrid

GRID = LatLonGrid(bandwidth=12)
SIGNALS = RandomFunctions(SignalType(2, GRID), count=3)
AXIS = torch.nn.functional.normalize(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64), dim=0)


def about(angle: float) -> torch.Tensor:
    x, y, z = (angle * AXIS).tolist()
    skew = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    return torch.linalg.matrix_exp(skew)


def derivative(function, step: float) -> torch.Tensor:
    found = lie_derivative(lambda x: {"it": function(x)}, SIGNALS, about(step), about(-step), step)
    return found["it"]


def test_what_is_invariant_has_none() -> None:
    def means(x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(2)
        return torch.cat([flat @ GRID.areas, flat.square() @ GRID.areas], dim=1)

    step = step_of(torch.finfo(torch.float64))
    assert derivative(means, step).abs().max() < 1e-7 * means(SIGNALS.upright()).abs().max()


def test_an_anisotropic_functional_has_the_analytic_one() -> None:
    """``I(f) = integral of (u . x) f`` changes by the integral of ``(u . (n x x)) f``."""
    u = torch.tensor([0.3, 0.8, -0.5], dtype=torch.float64)
    weights = GRID.areas * (GRID.points @ u)
    along = torch.linalg.cross(AXIS.expand_as(GRID.points), GRID.points) @ u
    expected = SIGNALS.upright().flatten(2) @ (GRID.areas * along)
    found = derivative(lambda x: x.flatten(2) @ weights, step_of(torch.finfo(torch.float64)))
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-7)


def test_the_error_of_the_difference_falls_with_its_square() -> None:
    u = GRID.areas * GRID.points[:, 0].pow(3)
    exact = derivative(lambda x: x.flatten(2) @ u, 1e-5)
    errors = [(derivative(lambda x: x.flatten(2) @ u, h) - exact).abs().max() for h in (0.1, 0.05)]
    assert float(errors[0] / errors[1]) == pytest.approx(4, rel=0.05)


def test_a_network_that_commutes_with_all_rotations_has_none_and_a_cnn_has_some() -> None:
    words = {"s2cnn": [], "cnn": ["domain.kind=lat_lon", "domain.bandwidth=20"]}
    largest = {}
    for model, overrides in words.items():
        network = randomised(build_model(load_config(model, overrides=overrides))).double()
        found = audit_model(network)
        largest[model] = found.of("Lie derivative (smooth functions)")[0].maximum
    assert largest["s2cnn"] < 1e-5
    assert largest["cnn"] > 0.1
