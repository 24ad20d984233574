"""The symmetry tests are themselves tested: the plain CNN and broken layers must fail them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.geometry.sphere_tangent import SphereTangent
from gaugecnn.geometry.surface import Surface
from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
from gaugecnn.surfaces.symmetry import Rotation, half_turn_about_x, step_about_z
from tests.symmetry_checks import patches, randomise, reframed, violation

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


def test_the_test_signals_differ():
    _, model = gauge_model()
    a, b = patches(model, torch.float32)
    assert (a - b).abs().max() > 0.5
    assert min(a.std(), b.std()) > 0.1
