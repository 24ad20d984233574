"""The two methods of the examples hold what they promise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.methods.cnn import CNNFamily
from gaugecnn.surfaces import LatLonGrid
from gaugecnn.surfaces.symmetry import Rotation, step_about_z
from gaugecnn.testing.symmetry_checks import feature_moves, randomise, violation

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_nothing_lies_outside_a_map_of_the_sphere(example):
    layer = example("own_padding").Around(1, 1, 3, padding=1, bias=False).double()
    torch.nn.init.ones_(layer.weight)
    constant = layer(torch.ones(1, 1, 4, 6, dtype=torch.float64))
    assert torch.equal(constant, torch.full_like(constant, 9.0))
    point = torch.zeros(1, 1, 4, 6, dtype=torch.float64)
    point[..., 0, 0] = 1
    seen = layer(point)[0, 0]
    expected = torch.zeros(4, 6, dtype=torch.float64)
    expected[:2, [5, 0, 1]] = 1
    expected[0, [2, 3, 4]] = 1  # across the pole
    assert torch.equal(seen, expected)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("name", ["own_padding", "own_method"])
def test_own_methods_hold_their_exact_symmetries(example, monkeypatch, name, task):
    if name == "own_method":
        pytest.importorskip("torch_harmonics", exc_type=ImportError)
    file = "own_padding.yaml" if name == "own_padding" else "own_method/disco.yaml"
    module = example(name)
    method = module.AROUND if name == "own_padding" else module.DISCO
    monkeypatch.setattr("gaugecnn.registry.methods", lambda: {method.name: method})
    config = load_config(str(EXAMPLES / file), task, ["domain.bandwidth=8"])
    network = randomise(build_model(config)).double()
    assert network.exact_symmetries
    for symmetry in network.exact_symmetries:
        assert violation(network, network, symmetry, torch.float64) < 1e-12
        assert feature_moves(network, network, symmetry, torch.float64)


def test_without_that_padding_the_turn_is_no_symmetry():
    config = load_config("cnn", overrides=["domain.kind=lat_lon", "domain.bandwidth=8"])
    network = randomise(build_model(config)).double()
    assert isinstance(network.family, CNNFamily)
    turn = Rotation("a quarter", step_about_z(4), network.domain)
    assert violation(network, network, turn, torch.float64) > 1e-3


def test_rings_are_read_and_given_back(example):
    pytest.importorskip("torch_harmonics", exc_type=ImportError)
    layers = example("own_method.layers")
    errors = []
    for bandwidth in (8, 16):
        points = LatLonGrid(bandwidth).points.T.view(1, 3, 2 * bandwidth, 2 * bandwidth)
        there = layers.Rings(2 * bandwidth, onto_grid=False)(points)
        beta = torch.from_numpy(layers.colatitudes(2 * bandwidth))
        errors.append((there[0, 2] - beta.cos()[:, None]).abs().max())
        back = layers.Rings(2 * bandwidth, onto_grid=True)(there)
        assert (back - points).abs().max() < 4 * errors[-1]
    assert errors[0] < 0.01
    assert errors[1] < errors[0] / 3  # linear interpolation: a quarter


def test_the_mean_of_disco_is_that_of_the_sphere(example):
    pytest.importorskip("torch_harmonics", exc_type=ImportError)
    layers = example("own_method.layers")
    z = torch.from_numpy(layers.colatitudes(12)).cos()[None, None, :, None].expand(1, 1, 12, 12)
    mean = layers.AreaMean(layers.PlaneType(1, 12, 12))
    assert mean(z**2).item() == pytest.approx(1 / 3, abs=1e-12)
    assert mean(z**4).item() == pytest.approx(1 / 5, abs=1e-12)


def test_a_kernel_of_disco_gives_the_same_multiple_everywhere(example):
    pytest.importorskip("torch_harmonics", exc_type=ImportError)
    layers = example("own_method.layers")
    type_ = layers.PlaneType(1, 32, 32)
    layer = layers.DiscoConvolution(type_, type_, radius=0.3, hats=3).double()
    torch.nn.init.zeros_(layer.conv.bias)
    points = layers.Rings(32, onto_grid=False)(LatLonGrid(16).points.T.view(3, 1, 32, 32))
    with torch.no_grad():
        given = layer(points)  # a multiple of x, y and z each: they are of degree 1
    multiple = (given * points).sum(0) / points.square().sum(0)
    assert multiple.std() < 0.005 * multiple.mean().abs()
    assert (given - multiple.mean() * points).abs().max() < 0.02 * given.abs().max()
