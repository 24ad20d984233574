"""`train.warmup` and `train.label_smoothing`, and what no recipe can be."""

from __future__ import annotations

import csv
from itertools import pairwise

import pytest
import torch

from gaugecnn.data.images.sources import picture_description
from gaugecnn.errors import UserError
from gaugecnn.tasks.losses import Loss
from gaugecnn.tasks.segmentation import Segmentation
from gaugecnn.training.module import Schedule, Training, learning_rate_factor
from gaugecnn.training.run import train
from tests.training.test_run import config_for


def test_the_rate_rises_and_then_follows_its_schedule():
    def factor(done, schedule=Schedule.cosine, epochs=12, warmup=2.0):
        return learning_rate_factor(schedule, done, epochs, warmup)

    assert [factor(done) for done in (0, 1, 2)] == pytest.approx([0.01, 0.505, 1])
    assert [factor(done) for done in (7, 12)] == pytest.approx([0.505, 0.01])  # half of the rest
    assert [factor(done, Schedule.constant) for done in (1, 2, 12)] == pytest.approx([0.505, 1, 1])
    steps = [factor(done, Schedule.step, 30) for done in (1, 2, 11.9, 12, 22)]
    assert steps == pytest.approx([0.505, 1, 1, 0.5, 0.25])
    assert factor(0, warmup=0.0) == 1


def test_a_warm_up_may_end_within_an_epoch(tmp_path, monkeypatch):
    rates, step = [], Training.training_step

    def record(self, batch, batch_idx):
        rates.append(self.trainer.optimizers[0].param_groups[0]["lr"])
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", record)
    words = ("train.epochs=2", "train.warmup=0.5", "train.learning_rate=0.1")
    train(config_for(tmp_path / "run", *words))
    assert len(rates) == 12
    assert rates[:4] == pytest.approx([0.001, 0.034, 0.067, 0.1])
    assert all(a > b for a, b in pairwise(rates[3:]))
    assert rates[-1] < 0.005


@pytest.mark.parametrize("loss", [Loss.cross_entropy, Loss.sqrt_balanced])
def test_smoothed_loss_is_the_cross_entropy_to_smoothed_labels(loss):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, 5, generator=generator)  # (batch, class, point)
    truth = torch.randint(4, (3, 5), generator=generator)
    weight = torch.rand(5, generator=generator)
    logs = logits.log_softmax(1)
    uniform = -(logs.mean(1) * weight).sum() / (3 * weight.sum())

    def value(logits, smoothing):
        return Segmentation(picture_description(1, 3), loss).loss(logits, truth, weight, smoothing)

    plain, smooth = value(logits, 0), value(logits, 0.2)
    if loss is Loss.cross_entropy:
        torch.testing.assert_close(smooth, 0.8 * plain + 0.2 * uniform)
    flat = value(torch.zeros_like(logits), 0.2)
    torch.testing.assert_close(flat, torch.tensor(4.0).log())
    # Its least value is where the network answers with the smoothed labels.
    target = 0.8 * torch.nn.functional.one_hot(truth, 4).movedim(-1, 1) + 0.2 / 4
    best = target.log().requires_grad_()
    (gradient,) = torch.autograd.grad(value(best, 0.2), best)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-7)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_training_alone_is_smoothed(tmp_path, task):
    def losses(run, smoothing):
        words = ("train.epochs=1", "train.learning_rate=1e-12", "trainer.log_every_n_steps=1")
        train(config_for(run, *words, f"train.label_smoothing={smoothing}", task=task))
        with (run / "metrics.csv").open() as file:
            rows = list(csv.DictReader(file))
        return [
            next(float(row[key]) for row in rows if row[key])
            for key in ("train/loss", "validation/loss")
        ]

    plain, smooth = losses(tmp_path / "plain", 0), losses(tmp_path / "smooth", 0.5)
    assert smooth[1] == pytest.approx(plain[1], rel=1e-5)
    assert abs(smooth[0] - plain[0]) > 1e-4


@pytest.mark.parametrize(
    ("word", "message"),
    {
        "train.warmup=-1": r"train.warmup: expected at least 0 and fewer than train.epochs=10",
        "train.warmup=10": r"fewer than train.epochs=10 epochs, got 10.0",
        "train.warmup=.nan": r"train.warmup: .* got nan",
        "train.label_smoothing=1": r"train.label_smoothing: expected a number in \[0, 1\), got 1.0",
        "train.label_smoothing=-0.1": r"expected a number in \[0, 1\), got -0.1",
        "train.ema=0": r"train.ema: expected a number in \(0, 1\) or null, got 0.0",
        "train.ema=1": r"train.ema: .* got 1.0",
        "train.ema=.nan": r"train.ema: .* got nan",
    }.items(),
)
def test_what_no_training_can_be_is_refused(tmp_path, word, message):
    with pytest.raises(UserError, match=message):
        config_for(tmp_path, word)
