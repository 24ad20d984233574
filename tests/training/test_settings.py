"""Lightning's everyday settings, each through `train`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch

from gaugecnn import load_run
from gaugecnn.records.directory import epochs_done
from gaugecnn.records.files import read_csv
from gaugecnn.training.batch_statistics import PreciseBatchNorm
from gaugecnn.training.module import Training
from gaugecnn.training.run import train
from tests.training.test_run import config_for, weights


@pytest.fixture
def steps(monkeypatch):
    """The labels and the mean signal of each training batch, epoch by epoch."""
    seen: dict[int, list[tuple[list[int], float]]] = {}
    step = Training.training_step

    def record(self, batch, batch_idx):
        value = batch.label.tolist(), batch.signal.mean().item()
        seen.setdefault(self.current_epoch, []).append(value)
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", record)
    return seen


@pytest.fixture
def validated(monkeypatch):
    """The optimizer steps after which each batch was validated."""
    seen: list[int] = []
    step = Training.validation_step

    def record(self, batch, index):
        seen.append(self.global_step)
        return step(self, batch, index)

    monkeypatch.setattr(Training, "validation_step", record)
    return seen


def saved(run: Path, name: str) -> dict:
    return torch.load(run / "checkpoints" / f"{name}.ckpt", weights_only=True)


def finish(run: Path, *words: str) -> dict:
    """Train two epochs of six steps; whatever the words, the result is a whole run."""
    summary = train(config_for(run, "train.epochs=2", *words))
    assert json.loads((run / "summary.json").read_text()) == summary
    assert set(summary["test"]) == {"unrotated", "rotated"}
    assert not load_run(run).training
    assert not (run / ".lock").exists()
    return summary


@pytest.mark.parametrize(
    "word",
    [
        *("trainer.enable_progress_bar=false", "trainer.enable_model_summary=true"),
        *("trainer.benchmark=false", "trainer.num_nodes=1", "trainer.sync_batchnorm=false"),
    ],
)
def test_settings_that_change_nothing(tmp_path, word):
    finish(tmp_path / "with", word)
    finish(tmp_path / "without")
    a, b = (weights(tmp_path / name) for name in ("with", "without"))
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_fast_dev_run_leaves_nothing(tmp_path, steps, capsys):
    run = tmp_path / "run"
    summary = train(config_for(run, "train.epochs=2", "trainer.fast_dev_run=true"))
    assert [len(batches) for batches in steps.values()] == [1]
    assert summary["test"] == {}
    assert "fast_dev_run" in capsys.readouterr().out
    assert not run.exists()
    finish(run)
    before = sorted(run.rglob("*"))
    train(config_for(run, "trainer.fast_dev_run=2"))
    assert sorted(run.rglob("*")) == before


def test_sanity_steps(tmp_path, validated):
    finish(tmp_path / "run", "trainer.num_sanity_val_steps=2")
    assert validated[:3] == [0, 0, 6]


@pytest.mark.parametrize(("limit", "batches"), [("2", 2), ("0.5", 3)])
def test_overfitting_sees_the_same_batches_again(tmp_path, steps, limit, batches):
    finish(tmp_path / "run", f"trainer.overfit_batches={limit}", "data.rotation=so3")
    assert len(steps[0]) == batches
    assert steps[0] == steps[1]


def test_other_epochs_see_other_batches(tmp_path, steps):
    """The test above has something to see."""
    finish(tmp_path / "run", "data.rotation=so3", "trainer.limit_train_batches=2")
    assert [len(batches) for batches in steps.values()] == [2, 2]
    assert steps[0] != steps[1]


@pytest.mark.parametrize("word", ["limit_val_batches=0", "check_val_every_n_epoch=9"])
@pytest.mark.parametrize("ema", ["null", "0.5"])
def test_without_validation_the_best_checkpoint_is_the_last(tmp_path, validated, ema, word):
    run = tmp_path / "run"
    finish(run, f"trainer.{word}", f"train.ema={ema}")
    assert validated == []
    last, best = weights(run), weights(run, "best")
    assert last.keys() == best.keys()
    assert all(torch.equal(last[key], best[key]) for key in last)
    assert saved(run, "best")["global_step"] == 12


@pytest.mark.parametrize("ema", ["null", "0.5"])
def test_without_validation_the_same_is_stored(tmp_path, ema):
    """The statistics of batch norms, measured with the average in place, as after one."""
    for name, word in (("with", "limit_val_batches=1.0"), ("without", "limit_val_batches=0")):
        train(config_for(tmp_path / name, "train.epochs=1", f"trainer.{word}", f"train.ema={ema}"))
    a, b = (weights(tmp_path / name) for name in ("with", "without"))
    assert any("running_var" in key for key in a)
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_no_tests(tmp_path, capsys):
    run = tmp_path / "run"
    summary = train(config_for(run, "train.epochs=1", "trainer.limit_test_batches=0"))
    assert summary["test"] == {}
    assert json.loads((run / "summary.json").read_text())["test"] == {}
    assert "trained, and not tested" in capsys.readouterr().out
    assert not (run / "confusion").exists()
    assert not load_run(run).training


def test_max_time(tmp_path):
    run, started = tmp_path / "run", time.monotonic()
    summary = train(config_for(run, "train.epochs=100000", "trainer.max_time=00:00:00:02"))
    assert 2 <= time.monotonic() - started < 60
    assert 0 < summary["epochs"] < 100000
    assert set(summary["test"]) == {"unrotated", "rotated"}


def test_stopped_within_the_first_epoch(tmp_path, monkeypatch):
    """What was reached is validated, saved and tested."""
    step = Training.training_step

    def slow(self, batch, batch_idx):
        time.sleep(0.5)
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", slow)
    finish(tmp_path / "run", "trainer.max_time=00:00:00:01")
    assert saved(tmp_path / "run", "best")["global_step"] < 6


def test_accumulated_gradients(tmp_path, monkeypatch):
    """Half as many steps; what is dropped differs from batch to batch all the same."""
    seeds, step = [], Training.training_step

    def record(self, batch, batch_idx):
        seeds.append(torch.initial_seed())
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", record)
    finish(tmp_path / "run", "trainer.accumulate_grad_batches=2")
    assert saved(tmp_path / "run", "last")["global_step"] == 6
    assert len(set(seeds)) == 12


def test_every_second_epoch_is_validated(tmp_path, validated):
    """The last epoch is saved all the same."""
    run = tmp_path / "run"
    train(config_for(run, "train.epochs=3", "trainer.check_val_every_n_epoch=2"))
    assert set(validated) == {12}
    assert epochs_done(saved(run, "last")) == 3
    assert (saved(run, "best")["global_step"], saved(run, "last")["global_step"]) == (12, 18)


@pytest.mark.parametrize("words", [["val_check_interval=0.5"], ["check_val_every_n_epoch=2"]])
def test_resumed_at_the_beginning_of_an_epoch(tmp_path, monkeypatch, words, validated):
    """Wherever it is validated, with the weights of a training that was not interrupted."""
    words = [f"trainer.{word}" for word in words]
    finish(tmp_path / "whole", *words)
    assert set(validated) == ({3, 6, 9, 12} if "val_check_interval=0.5" in words[0] else {12})
    step = Training.training_step

    def interrupted(self, batch, batch_idx):
        if self.global_step == 10:
            raise RuntimeError("no")
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "training_step", interrupted)
        with pytest.raises(RuntimeError, match="no"):
            train(config_for(tmp_path / "broken", "train.epochs=2", *words))
    finish(tmp_path / "broken", "train.resume=true", *words)
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_every_step_is_logged(tmp_path):
    finish(tmp_path / "run", "trainer.log_every_n_steps=1")
    rows = [row for row in read_csv(tmp_path / "run" / "metrics.csv") if row["train/loss"]]
    assert len(rows) == 12


@pytest.mark.parametrize("model", ["cnn", "gauge", "gcn", "p4", "s2cnn"])
def test_deterministic_and_with_anomalies_detected(tmp_path, model):
    from gaugecnn import load_config
    from tests.training.test_precision import FEW, SMALL

    words = [*FEW, *SMALL[model], f"output={tmp_path / 'run'}"]
    words += ["trainer.deterministic=true", "trainer.detect_anomaly=true"]
    try:
        summary = train(load_config(model, "segmentation", words))
    finally:
        torch.use_deterministic_algorithms(False)
    assert summary["epochs"] == 1


def test_a_profile_is_shown(tmp_path, caplog):
    finish(tmp_path / "run", "trainer.profiler=simple")
    assert "Profiler Report" in caplog.text
    finish(tmp_path / "other")
    assert caplog.text.count("FIT Profiler Report") == 1


def test_statistics_wait_for_the_training(tmp_path, monkeypatch):
    """Before it there are no batches to measure with."""
    measured, start = [], PreciseBatchNorm.on_validation_start

    def record(self, trainer, module):
        measured.append(trainer.sanity_checking)
        start(self, trainer, module)

    monkeypatch.setattr(PreciseBatchNorm, "on_validation_start", record)
    finish(tmp_path / "run", "trainer.num_sanity_val_steps=-1")
    assert measured == [True, False, False]
