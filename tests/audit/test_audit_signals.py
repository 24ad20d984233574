"""Inputs that turn, layers in other frames, and how errors are measured."""

from __future__ import annotations

import torch

from gaugecnn import build_datamodule, build_model, load_config
from gaugecnn.audit import Pictures, RandomFunctions, randomised
from gaugecnn.audit.frames import reframed
from gaugecnn.audit.measure import relative, scale
from gaugecnn.layers import SignalType
from gaugecnn.surfaces import Icosphere, LatLonGrid
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.surfaces.domain import PoseDistribution
from gaugecnn.surfaces.rotations import random_rotations
from gaugecnn.testing.symmetry_checks import reframed as rebuilt
from gaugecnn.testing.symmetry_checks import violation


def test_random_functions_turn_as_samples_do_where_points_are_permuted() -> None:
    domain = Icosphere(level=2)
    type_ = SignalType(1, domain, vectors=1)
    functions = RandomFunctions(type_)
    rotation = domain.symmetries()[23]
    moved = functions.turned(rotation.matrix)
    torch.testing.assert_close(moved, type_.transform(rotation, functions.upright()))
    assert (moved - functions.upright()).abs().max() > 0.5


def test_random_functions_end_at_their_degree() -> None:
    """Of a coarse grid and a fine one quadratures agree: products with them are integrated."""
    means = []
    for bandwidth in (7, 20):  # exact below degree 14
        grid = LatLonGrid(bandwidth)
        values = RandomFunctions(SignalType(1, grid)).upright().flatten(2)
        means.append(values.square() @ grid.areas)
    torch.testing.assert_close(*means)


def test_functions_in_the_plane_vanish_at_its_border() -> None:
    domain = PlaneChart(20)
    functions = RandomFunctions(SignalType(1, domain))
    quarter = domain.symmetries()[0]
    turned = functions.turned(quarter.matrix)
    torch.testing.assert_close(turned, quarter.on_signal(functions.upright()))
    assert turned[:, :, 0].abs().max() < 0.05 * turned.abs().max()


def test_pictures_are_rendered_anew() -> None:
    config = load_config("gauge", overrides=["domain.level=3", "data.test_size=4"])
    data = build_datamodule(config)
    tests = next(iter(data.test_sets.values())).in_poses(PoseDistribution.none)
    pictures = Pictures(data.renderer, tests[0, torch.arange(3)])
    rotation = data.renderer.domain.symmetries()[31]
    moved = pictures.turned(rotation.matrix)
    expected = rotation.on_signal(pictures.upright())
    assert (moved - expected).abs().max() < 1e-4
    assert (moved - pictures.upright()).abs().max() > 0.5
    anywhere = pictures.turned(random_rotations(1)[0])
    means = [x.flatten(2) @ data.renderer.domain.areas.float() for x in (anywhere, expected)]
    torch.testing.assert_close(*means, rtol=0.2, atol=0.01)  # bright as before, elsewhere


def test_other_frames_are_those_of_a_network_that_is_built_in_them() -> None:
    config = load_config("gauge", "segmentation", ["domain.level=2"])
    network = randomised(build_model(config)).double()
    other, change = rebuilt(network, config)
    ours = reframed(network, change)
    signal = RandomFunctions(network.family.input_type).upright()
    with torch.no_grad():
        features = [n.blocks[2](n.blocks[1](n.blocks[0](signal))) for n in (other, ours, network)]
    torch.testing.assert_close(features[1], features[0])
    assert (features[2] - features[0]).abs().max() > 0.1
    assert violation(network, ours, change, torch.float64) < 1e-10
    before = dict(network.named_parameters())
    assert before.keys() == dict(ours.named_parameters()).keys()


def test_vectors_are_read_and_given_in_other_frames() -> None:
    words = ["domain.level=2", "model.in_channels=0", "model.in_vectors=1"]
    config = load_config("gauge", "segmentation", words)
    network = randomised(build_model(config)).double()
    angles = torch.rand(len(network.domain.points), dtype=torch.float64)
    from gaugecnn.surfaces.symmetry import FrameChange

    change = FrameChange(angles)
    signal = RandomFunctions(network.family.input_type).upright()
    with torch.no_grad():
        torch.testing.assert_close(reframed(network, change)(signal), network(signal))


def test_errors_are_against_differences_and_not_against_a_bias() -> None:
    outputs = torch.randn(5, 7, dtype=torch.float64)
    pairs = (outputs[:, None] - outputs[None]).norm(dim=2)
    expected = (pairs.square().sum() / (5 * 4)).sqrt()
    torch.testing.assert_close(scale(outputs), expected)
    torch.testing.assert_close(scale(outputs + 100), expected)
    error = relative(outputs + 0.1, outputs, outputs)
    torch.testing.assert_close(error, (0.1 * 7**0.5 / expected).expand(5))
    alike = torch.full((5, 7), 3.0)
    assert relative(alike * (1 + 1e-6), alike, alike).max() < 1e-2  # rounding of a constant
    assert torch.isinf(relative(alike * torch.nan, alike, alike)).all()


def test_an_untrained_network_gets_the_same_weights_each_time() -> None:
    network = build_model(load_config("p4_25k"))  # its dropout draws, too
    states = [randomised(network).state_dict() for _ in range(2)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    neutral = network.state_dict()
    assert any(not torch.equal(value, neutral[name]) for name, value in states[0].items())
