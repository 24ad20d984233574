"""Networks of the two regressions: shapes, exact symmetries, and their units in the state dict."""

from __future__ import annotations

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.data.description import Description
from gaugecnn.methods.gauge import fields
from gaugecnn.surfaces.symmetry import FrameChange, Rotation
from gaugecnn.testing.symmetry_checks import patches, randomise, reframed, violation

SMALL = {
    "gauge": ["domain.level=2"],
    "gcn": ["domain.level=2"],
    "s2cnn": ["domain.bandwidth=20"],
    "cnn": ["domain.size=24"],
    "p4": ["domain.size=24"],
}


def network(model, task, outputs=2, tangent=False):
    numbers = dict.fromkeys(("target_mean", "target_deviation"), (3.0,) * outputs)
    description = Description(1, {task: outputs}, background=False, tangent=tangent, **numbers)
    config = load_config(model, task, [*SMALL[model], "data.name=my.own:fields"])
    return config, description, randomise(build_model(config, None, description))


@pytest.mark.parametrize("task", ["regression", "field_regression"])
@pytest.mark.parametrize("model", SMALL)
def test_shapes_units_and_exact_symmetries(model, task):
    _, _, net = network(model, task)
    net = net.double()
    outputs = net(patches(net, torch.float64, 3))
    shape = (3, 2) if task == "regression" else (3, 2, *net.domain.shape)
    assert outputs.shape == shape
    assert net.units.mean.tolist() == net.units.deviation.tolist() == [3, 3]
    rotations = [s for s in net.exact_symmetries if not isinstance(s, FrameChange)][:4]
    assert all(violation(net, net, s, torch.float64) < 1e-10 for s in rotations)
    assert bool(rotations) is (model != "cnn")


def test_tangent_vectors_know_no_frame_and_turn(monkeypatch):
    config, description, net = network("gauge", "field_regression", tangent=True)
    other, _ = reframed(net, config, description=description)
    signal = patches(net, torch.float32, 2)
    found = net(signal)
    assert found.shape == (2, 2, 3, 162)
    scale = (found[0] - found[1]).abs().max()
    assert (other(signal) - found).abs().max() < 1e-4 * scale
    for turn in net.domain.symmetries()[1:60:13]:
        assert isinstance(turn, Rotation)
        carried = turn.on_signal(found.flatten(1, 2)).unflatten(1, (2, 3))
        moved = torch.einsum("xy,boyp->boxp", turn.matrix.float(), carried)
        assert (net(turn.on_signal(signal)) - moved).abs().max() < 1e-4 * scale
        assert (moved - found).abs().max() > 0.1 * scale
    plain = fields.feature_to_vectors  # a wrong sign of the second component is felt
    monkeypatch.setattr(
        fields, "feature_to_vectors", lambda f, d: plain(f * torch.tensor([1, 1, 1, -1, 1, -1]), d)
    )
    broken = build_model(config, None, description)
    broken.load_state_dict(net.state_dict())
    wrong, _ = reframed(broken, config, description=description)
    assert (wrong(signal) - broken.eval()(signal)).abs().max() > 0.1 * scale


def test_vector_inputs_know_no_frame():
    words = ["domain.level=2", "model.in_channels=1", "model.in_vectors=1", "data.name=my.own:x"]
    description = Description(1, {"regression": 1}, vectors=1, background=False)
    config = load_config("gauge", "regression", words)
    net = randomise(build_model(config, None, description))
    other, _ = reframed(net, config, description=description)
    signal = torch.randn(3, 4, 162)
    found = net(signal)
    scale = (found[0] - found[1]).abs().max()
    assert (other(signal) - found).abs().max() < 1e-4 * scale
    turn = net.domain.symmetries()[5]
    moved = net.family.input_type.transform(turn, signal)
    assert (net(moved) - found).abs().max() < 1e-4 * scale
    assert (moved[:, 1:] - turn.on_signal(signal)[:, 1:]).abs().max() > 0.1
    assert (net(turn.on_signal(signal)) - found).abs().max() > 1e-2 * scale  # vectors left behind
