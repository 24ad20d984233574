"""Every network trains in every precision; what must be exact stays exact."""

from __future__ import annotations

import math

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.errors import UserError
from gaugecnn.heads import Units
from gaugecnn.records.directory import load_run
from gaugecnn.tasks.confusion import WeightedConfusion
from gaugecnn.training.module import Training
from gaugecnn.training.run import evaluate, train

SMALL = {
    "cnn": ["domain.size=16"],
    "p4": ["domain.size=16"],
    "gauge": ["domain.level=2"],
    "gcn": ["domain.level=2"],
    "s2cnn": [],
}
FEW = [
    *("data.train_size=8", "data.validation_size=8", "data.test_size=8", "train.batch_size=4"),
    *("train.epochs=1", "trainer.accelerator=cpu", "trainer.devices=1"),
]


@pytest.fixture
def steps(monkeypatch):
    """Loss, precision of the weights, and whether the gradients are finite, of each step."""
    seen, step = [], Training.training_step

    def record(self, batch, batch_idx):
        loss = step(self, batch, batch_idx)
        seen.append((loss.dtype, next(self.network.parameters()).dtype, loss.item()))
        return loss

    monkeypatch.setattr(Training, "training_step", record)
    return seen


WEIGHTS = {
    "64-true": (torch.float64, torch.float64),
    "bf16-true": (torch.float32, torch.bfloat16),
    "bf16-mixed": (torch.float32, torch.float32),
}
"""Of the loss and of the weights."""


@pytest.mark.parametrize("precision", WEIGHTS)
@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("model", SMALL)
def test_trains_and_tests(tmp_path, steps, model, task, precision):
    run = tmp_path / "run"
    words = [f"output={run}", f"trainer.precision={precision}", *FEW, *SMALL[model]]
    summary = train(load_config(model, task, words))
    assert summary["dtype"] == precision
    assert [step[:2] for step in steps] == 2 * [WEIGHTS[precision]]
    assert all(math.isfinite(loss) for *_, loss in steps)
    assert all(0 <= value <= 100 for test in summary["test"].values() for value in test.values())
    weights = load_run(run).state_dict().values()
    assert all(torch.isfinite(value).all() for value in weights)


@pytest.mark.parametrize("model", ["gauge", "cnn", "s2cnn"])
def test_in_double_precision_the_loss_is_that_of_single(tmp_path, steps, model):
    """Only closer: the same weights, pictures and steps."""
    for precision in ("64-true", "32-true"):
        run = tmp_path / precision
        words = [f"output={run}", f"trainer.precision={precision}", *FEW, *SMALL[model]]
        train(load_config(model, overrides=words))
    double, single = ([step[2] for step in half] for half in (steps[:2], steps[2:]))
    assert double == pytest.approx(single, abs=1e-3)
    assert double[0] == pytest.approx(single[0], abs=1e-5)
    assert double[0] != single[0]


def test_evaluated_in_another_precision(tmp_path):
    run = tmp_path / "run"
    train(load_config("gcn", overrides=[f"output={run}", *FEW, *SMALL["gcn"]]))
    for precision in WEIGHTS:
        found = evaluate(run, [f"trainer.precision={precision}"])["test"]
        assert set(found) == {
            f"trainer.precision={precision}/{c}" for c in ("unrotated", "rotated")
        }


def test_a_precision_that_would_silently_be_another(tmp_path):
    words = [f"output={tmp_path / 'run'}", "trainer.precision=16-mixed", *FEW, *SMALL["cnn"]]
    with pytest.raises(UserError, match="trainer.precision=16-mixed: .* bf16-mixed") as error:
        train(load_config("cnn", overrides=words))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("model", ["gauge", "cnn", "s2cnn"])
def test_geometry_is_not_rounded_with_the_weights(model):
    network = build_model(load_config(model, overrides=SMALL[model]))
    points, areas = network.domain.points.clone(), network.domain.areas.clone()
    network.to(torch.bfloat16).float()
    assert torch.equal(network.domain.areas, areas)
    assert torch.equal(network.domain.points.nan_to_num(), points.nan_to_num())


def test_counts_are_not_rounded_with_the_weights():
    counts = WeightedConfusion(2).to(torch.bfloat16)
    for _ in range(300):
        counts.update(torch.tensor([1]), torch.tensor([1]), torch.tensor(1.0))
    assert counts.compute().tolist() == [[0, 0], [0, 300]]
    counts.reset()
    assert counts.matrix.dtype == torch.float64


def test_units_are_not_rounded_with_the_weights():
    """287.3 K in bfloat16 is 288."""
    units = Units(torch.tensor([287.3]), torch.tensor([8.1])).to(torch.bfloat16)
    answer = units(torch.tensor([[0.5]], dtype=torch.bfloat16))
    assert answer.item() == pytest.approx(287.3 + 8.1 / 2, abs=1e-4)
    double = units.to(torch.float64)
    assert double(torch.tensor([[0.5]], dtype=torch.float64)).dtype == torch.float64
    assert double.mean.item() == torch.tensor(287.3).double().item()
