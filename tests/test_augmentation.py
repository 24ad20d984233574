"""Learned rotations: what they do to signals and fields, that they learn, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.audit import audit_model
from gaugecnn.errors import UserError
from gaugecnn.ops.learned_rotations import START, LearnedRotations
from gaugecnn.plans import LearnedAugmentation
from gaugecnn.surfaces.rotations import rotation_matrix
from gaugecnn.training.run import train

SMALL = ("domain.size=16",)


@pytest.fixture
def learned() -> LearnedRotations:
    words = ["domain.kind=lat_lon", "domain.bandwidth=8"]
    return LearnedRotations(
        LearnedAugmentation(samples=4), build_model(load_config("cnn", overrides=words))
    )


def smooth_signal() -> torch.Tensor:
    """x + z on the grid of bandwidth 8, twice."""
    beta = math.pi * (2 * torch.arange(16) + 1) / 32
    alpha = 2 * math.pi * torch.arange(16) / 16
    smooth = torch.sin(beta)[:, None] * torch.cos(alpha) + torch.cos(beta)[:, None]
    return smooth.expand(2, 1, 16, 16)


def turned_widths(module: LearnedRotations, *widths: float) -> LearnedRotations:
    """The module with given widths about x, y and z."""
    share = torch.tensor(widths) / math.pi
    with torch.no_grad():
        module.logits.copy_(torch.logit(share, 1e-9))
    return module


def test_a_step_about_one_axis_is_that_rotation(learned) -> None:
    turned_widths(learned, 0.0, 0.0, 1.2)
    found = learned.rotations(torch.tensor([[0.3, -0.8, 0.5]]))[0]
    angle = torch.tensor(0.6, dtype=torch.float64)
    zero = torch.zeros_like(angle)
    expected = rotation_matrix(angle, zero, zero)
    torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=0)
    turned_widths(learned, 0.0, 1.2, 0.0)
    found = learned.rotations(torch.tensor([[0.3, 0.5, 0.8]]))[0]
    torch.testing.assert_close(
        found.double(), rotation_matrix(zero, angle, zero), atol=1e-6, rtol=0
    )


def test_a_signal_is_turned_about_z_by_columns(learned) -> None:
    """A fixed network sees the mean over the samples; here of a signal that is rolled."""
    turned_widths(learned, 0.0, 0.0, math.pi - 1e-6).eval()
    signal = smooth_signal()
    step = 2 / 16  # of a column, in units of the width
    learned.steps = torch.tensor([[0, 0, step], [0, 0, 3 * step]])
    found = learned(signal, lambda x: x)
    expected = (signal.roll(1, -1) + signal.roll(3, -1)) / 2
    assert (expected - signal).abs().max() > 0.3
    torch.testing.assert_close(found, expected, atol=0.03, rtol=0)  # read between points


def test_fields_are_turned_back(learned) -> None:
    turned_widths(learned, 0.5, 0.5, 2.0)
    signal = smooth_signal()
    for training in (True, False):
        learned.train(training)
        torch.manual_seed(0)
        learned.fields = False
        moved = learned(signal, lambda x: x)
        learned.fields = True
        back = learned(signal, lambda x: x)
        assert (moved - signal).abs().max() > 0.2
        torch.testing.assert_close(back, signal, atol=0.06, rtol=0)


def test_widths_get_gradients_and_a_price(learned) -> None:
    torch.testing.assert_close(learned.widths, torch.full((3,), START))
    expected = -0.1 * START * math.sqrt(3)
    torch.testing.assert_close(learned.penalty, torch.tensor(expected))
    learned.train()
    signal = torch.rand(4, 1, 16, 16)
    weights = torch.rand(16, 16)
    learned(signal, lambda x: (weights * x).sum((2, 3))).square().sum().backward()
    assert learned.logits.grad is not None
    assert (learned.logits.grad.abs() > 0).all()


def test_answers_are_the_same_each_time_when_tested() -> None:
    torch.manual_seed(0)
    network = build_model(load_config("cnn_augerino", overrides=SMALL)).eval()
    signal = torch.rand(2, 1, 16, 16)
    first = network(signal)
    torch.testing.assert_close(first, network(signal))
    assert network.exact_symmetries == []
    network.train()
    assert not torch.allclose(network(signal), network(signal))


def trained_widths(folder: Path, rotation: str) -> torch.Tensor:
    words = [*SMALL, f"data.rotation={rotation}", "data.train_size=300", "data.test_size=20"]
    words += ["train.epochs=4", "train.learning_rate=0.05", "train.batch_size=16"]
    words += ["model.classification.augmentation.samples=1", f"output={folder / rotation}"]
    train(load_config("cnn_augerino", overrides=words))
    path = folder / rotation / "checkpoints" / "last.ckpt"
    state = torch.load(path, weights_only=True)["state_dict"]
    return math.pi * torch.sigmoid(state["network.augmentation.logits"])


def test_they_widen_where_the_data_are_turned_and_shrink_where_not(tmp_path) -> None:
    """Where all poses are seen being turned costs nothing, and the price of width is all."""
    upright, turned = (trained_widths(tmp_path, rotation) for rotation in ("none", "so3"))
    assert upright[:2].max() < 0.8 * START
    assert turned.min() > 1.2 * START


def test_what_has_no_rotations_is_refused() -> None:
    words = ["domain.chart=plane", "domain.size=16"]
    with pytest.raises(UserError, match="rotations are of the sphere, got chart"):
        build_model(load_config("cnn_augerino", overrides=words))
    with pytest.raises(UserError, match="samples: expected samples >= 1, got 0"):
        load_config("cnn_augerino", overrides=["model.classification.augmentation.samples=0"])
    with pytest.raises(UserError, match="penalty: expected penalty >= 0, got -1"):
        load_config("cnn_augerino", overrides=["model.classification.augmentation.penalty=-1"])
    network = build_model(load_config("cnn_augerino", overrides=SMALL))
    with pytest.raises(UserError, match="a mean over learned rotations"):
        audit_model(network)
