"""The symmetry tests are themselves tested: the plain CNN and broken layers must fail them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.geometry.sphere_tangent import SphereTangent
from gaugecnn.geometry.surface import Surface
from gaugecnn.methods.gauge import convolution
from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
from gaugecnn.methods.gauge.paths import paths_between
from gaugecnn.methods.s2cnn.family import SO3Integral
from gaugecnn.methods.s2cnn.reference import rotate, signal_of, spectra_of
from gaugecnn.methods.s2cnn.rings import Rings
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.surfaces.symmetry import Rotation, half_turn_about_x, step_about_z, tilt
from gaugecnn.testing.symmetry_checks import feature_moves, patches, randomise, reframed, violation

TASKS = ("classification", "segmentation")
ON_ITS_CHART = ("domain.chart=azimuthal",)
ON_A_GRID = ("domain.kind=lat_lon", "domain.bandwidth=20")


def cnn(task, words):
    return randomise(build_model(load_config("cnn", task, words)))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_cnn_violates_quarter_turns(task, turns):
    model = cnn(task, ON_ITS_CHART)
    matrix = torch.linalg.matrix_power(step_about_z(4), turns)
    assert violation(model, model, Rotation("turn", matrix, model.domain), torch.float32) > 1e-2


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("matrix", [half_turn_about_x(), step_about_z(2)], ids=["x", "z"])
def test_the_cnn_violates_half_turns(task, matrix):
    model = cnn(task, ON_A_GRID)
    assert violation(model, model, Rotation("turn", matrix, model.domain), torch.float32) > 1e-2


@pytest.mark.parametrize("task", TASKS)
def test_the_cnn_lists_no_symmetry(task):
    assert cnn(task, ()).exact_symmetries == []


def test_what_each_network_lists():
    def names(model, task, *words):
        network = build_model(load_config(model, task, words))
        return [s.name for s in network.exact_symmetries]

    assert len(names("gauge", "classification", "domain.level=2")) == 61
    assert not names("gauge", "classification", "domain.level=2", "model.nonlinearity=regular")
    assert len(names("gcn", "classification", "domain.level=2")) == 60
    assert len(names("p4", "segmentation")) == 3
    assert len(names("p4", "segmentation", "model.group=p4m")) == 7
    odd = ("domain.size=39", "model.subsampling=equivariant")
    assert len(names("p4", "classification", *odd)) == 3
    for task in TASKS:
        assert len(names("s2cnn", task)) >= 2


def test_the_smallest_common_step_of_the_s2cnn_is_a_step_of_every_grid():
    model = build_model(load_config("s2cnn"))
    grids = [2 * model.domain.bandwidth]
    grids += [2 * block.type_out.sampling for block in model.blocks]
    steps = {round(2 * math.pi / math.acos(s.matrix[0, 0].clamp(-1, 1))) for s in
             model.exact_symmetries if abs(s.matrix[2, 2] - 1) < 1e-9}  # fmt: skip
    assert math.gcd(*grids) in steps


def gauge_model():
    config = load_config("gauge", overrides=["domain.level=2"])
    return config, randomise(build_model(config))


def test_a_wrong_transport_sign_breaks_frames(monkeypatch):
    config, model = gauge_model()
    other, change = reframed(model, config)
    assert violation(model, other, change, torch.float32) < 1e-4
    right = SphereTangent.between

    def wrong(self, target, source):
        found = right(self, target, source)
        return replace(found, transport=-found.transport)

    monkeypatch.setattr(SphereTangent, "between", wrong)
    config, model = gauge_model()
    other, change = reframed(model, config, frame_seed=8)
    assert violation(model, other, change, torch.float32) > 1e-3


def test_a_wrong_area_breaks_rotations(monkeypatch):
    _, model = gauge_model()
    rotation = model.domain.symmetries()[17]
    assert violation(model, model, rotation, torch.float32) < 1e-4
    build = Surface.__init__

    def skewed(self, *args):
        build(self, *args)
        self.areas[0] *= 3

    monkeypatch.setattr(Surface, "__init__", skewed)
    _, model = gauge_model()
    assert violation(model, model, rotation, torch.float32) > 1e-3


def test_order_dependent_batch_norm_breaks_frames(monkeypatch):
    """A bias on order 1 is what a careless batch norm would add."""

    def careless(self, x):
        return self.norm(x) + 0.1

    monkeypatch.setattr(GaugeBatchNorm, "forward", careless)
    config, model = gauge_model()
    other, change = reframed(model, config)
    assert violation(model, other, change, torch.float32) > 1e-3


def test_a_conjugation_that_is_dropped_breaks_frames(monkeypatch):
    def plain(*arguments):
        return [replace(path, conjugate=False) for path in paths_between(*arguments)]

    monkeypatch.setattr(convolution, "paths_between", plain)
    config, model = gauge_model()
    other, change = reframed(model, config)
    assert violation(model, other, change, torch.float32) > 1e-3
    assert not feature_moves(model, other, change, torch.float32)


@pytest.mark.parametrize("task", TASKS)
def test_a_bias_of_each_rotation_breaks_quarter_turns(task):
    model = randomise(build_model(load_config("p4", task)))
    quarter, *_ = model.exact_symmetries
    assert violation(model, model, quarter, torch.float32) < 1e-4
    of_rotations = torch.tensor([0.5, 0, 0, 0]).view(1, 1, 4, 1, 1)
    model.blocks[1].layer.register_forward_hook(lambda *given: given[-1] + of_rotations)
    assert violation(model, model, quarter, torch.float32) > 1e-3
    assert not feature_moves(model, model, quarter, torch.float32)


def turned_invariants(integral, matrix):
    """How far the integrals of a band-limited feature are from those of the turned one."""
    type_ = integral.type_in
    spectra = spectra_of(torch.randn(2, *type_.shape, dtype=torch.float64), type_)
    still, turned = (integral(signal_of(s, type_)) for s in (spectra, rotate(spectra, matrix)))
    return float((still - turned).abs().max() / (still[0] - still[1]).abs().max())


@pytest.mark.parametrize("rings", list(Rings))
def test_an_unweighted_mean_breaks_rotations(rings):
    """Not the exact ones of a grid, which permute its points: those in between."""
    matrix = tilt(0.7)
    integral = SO3Integral(SO3Type(3, 4, 4, kind=rings)).double()
    assert turned_invariants(integral, matrix) < 1e-10
    integral.mean.weights = torch.full_like(integral.mean.weights, 1 / len(integral.mean.weights))
    assert turned_invariants(integral, matrix) > 1e-3


def test_a_wrong_weight_in_the_mean_breaks_the_half_turn():
    model = randomise(build_model(load_config("s2cnn", overrides=["domain.bandwidth=20"]))).double()
    turn = next(s for s in model.exact_symmetries if s.name == "half turn about x")
    assert violation(model, model, turn, torch.float64) < 1e-10
    model.integral.mean.weights = model.integral.mean.weights.clone()
    model.integral.mean.weights[0] *= 3
    assert violation(model, model, turn, torch.float64) > 1e-6


def test_the_test_signals_differ():
    _, model = gauge_model()
    a, b = patches(model, torch.float32)
    assert (a - b).abs().max() > 0.5
    assert min(a.std(), b.std()) > 0.1
