"""`train.ema`: the average is validated, tested and stored; the training does not notice it."""

from __future__ import annotations

import pytest
import torch

from gaugecnn import load_run
from gaugecnn.errors import UserError
from gaugecnn.training.averaging import KEY, PREFIX, WeightAverage
from gaugecnn.training.batch_statistics import PreciseBatchNorm
from gaugecnn.training.run import evaluate, train
from tests.training.test_run import config_for, weights


def checkpoint(run, name="last"):
    return torch.load(run / "checkpoints" / f"{name}.ckpt", weights_only=True)


def parameters(network):
    return {name: p.detach().clone() for name, p in network.named_parameters()}


def assert_same(a, b, **tolerance):
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name], b[name], **(tolerance or {"rtol": 0, "atol": 0}))


def recorded(monkeypatch, hook):
    """The network's weights at each call of a hook of the average, the hook not yet run."""
    seen, original = [], getattr(WeightAverage, hook)

    def record(self, trainer, pl_module, *rest):
        seen.append(parameters(pl_module.network))
        original(self, trainer, pl_module, *rest)

    monkeypatch.setattr(WeightAverage, hook, record)
    return seen


def test_the_average_is_that_of_the_equation(tmp_path, monkeypatch):
    start = recorded(monkeypatch, "on_fit_start")
    steps = recorded(monkeypatch, "on_train_batch_end")
    end = recorded(monkeypatch, "on_fit_end")
    train(config_for(tmp_path / "run", "train.epochs=3", "train.ema=0.6"))
    expected = {name: w.double() for name, w in start[0].items()}
    decays = [min(0.6, (1 + t) / (10 + t)) for t in range(len(steps))]
    assert len(steps) == 18
    assert decays[0] == 0.1
    assert decays[-1] == 0.6 > decays[10]  # both bounds are met
    for decay, after in zip(decays, steps, strict=True):
        expected = {n: decay * kept + (1 - decay) * after[n] for n, kept in expected.items()}
    stored = checkpoint(tmp_path / "run")
    average = {n: stored["state_dict"][PREFIX + n] for n in expected}
    assert_same({n: w.double() for n, w in average.items()}, expected, rtol=1e-5, atol=1e-7)
    assert_same(end[0], average)  # the network is left with it
    assert_same(stored[KEY]["weights"], steps[-1])
    assert any((average[n] - steps[-1][n]).abs().max() > 1e-4 for n in average)


@pytest.mark.parametrize("more", ["data.seed=0", "trainer.val_check_interval=0.5"])
def test_training_does_not_notice_the_average(tmp_path, more):
    words = ("train.epochs=2", "data.rotation=so3", more)
    train(config_for(tmp_path / "plain", *words))
    train(config_for(tmp_path / "averaged", *words, "train.ema=0.9"))
    plain, averaged = weights(tmp_path / "plain"), checkpoint(tmp_path / "averaged")
    assert plain.keys() == averaged["state_dict"].keys()
    trained = averaged[KEY]["weights"]
    assert_same(trained, {name: plain[PREFIX + name] for name in trained})


def test_statistics_are_those_of_the_average(tmp_path, monkeypatch):
    measured_with, measured = [], []
    original = PreciseBatchNorm.on_validation_start

    def record(self, trainer, pl_module):
        measured_with.append(parameters(pl_module.network))
        original(self, trainer, pl_module)
        measured.append({name: b.clone() for name, b in pl_module.network.named_buffers()})

    monkeypatch.setattr(PreciseBatchNorm, "on_validation_start", record)
    run = tmp_path / "run"
    train(config_for(run, "train.epochs=2", "train.ema=0.9"))
    stored = {n.removeprefix(PREFIX): v for n, v in weights(run).items() if n.startswith(PREFIX)}
    assert_same(measured_with[-1], {name: stored[name] for name in measured_with[-1]})
    statistics = {name: value for name, value in stored.items() if name not in measured_with[-1]}
    assert any("running" in name for name in statistics)
    assert_same(statistics, {name: measured[-1][name] for name in statistics})


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_the_average_is_what_is_tested_and_loaded(tmp_path, task):
    run = tmp_path / "run"
    summary = train(config_for(run, "train.epochs=3", "train.ema=0.9", task=task))
    stored = checkpoint(run, "best")
    loaded = parameters(load_run(run))
    assert_same(loaded, {name: stored["state_dict"][PREFIX + name] for name in loaded})
    trained = stored[KEY]["weights"]
    assert any(not torch.equal(loaded[name], trained[name]) for name in loaded)
    assert evaluate(run, [])["test"] == summary["test"]


def test_a_step_is_an_optimizer_step(tmp_path):
    run = tmp_path / "run"
    train(config_for(run, "train.epochs=2", "train.ema=0.9", "trainer.accumulate_grad_batches=2"))
    assert checkpoint(run)[KEY]["updates"] == checkpoint(run)["global_step"] == 6


def test_a_resumed_run_may_begin_to_average_and_may_not_end_it(tmp_path):
    run = tmp_path / "run"
    train(config_for(run, "train.epochs=1"))
    train(config_for(run, "train.epochs=2", "train.ema=0.9", "train.resume=true"))
    assert checkpoint(run)[KEY]["updates"] == 6
    with pytest.raises(UserError, match=r"started with train.ema=0.9.*hold the average"):
        train(config_for(run, "train.epochs=3", "train.resume=true"))
