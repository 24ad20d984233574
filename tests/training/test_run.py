from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gaugecnn import load_config, load_run
from gaugecnn.errors import UserError
from gaugecnn.training.module import DivergenceError, Training
from gaugecnn.training.run import evaluate, train

TINY = [
    "data.train_size=48",
    "data.validation_size=16",
    "data.test_size=24",
    "train.batch_size=8",
    "domain.size=16",
    "trainer.accelerator=cpu",
    "trainer.devices=1",
]


def config_for(output: Path, *words: str, model: str = "cnn", task: str = "classification"):
    return load_config(model, task, [f"output={output}", *TINY, *words])


def weights(run: Path, name: str = "last") -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / f"{name}.ckpt", weights_only=True)["state_dict"]


def averaged_weights(run: Path) -> dict[str, torch.Tensor]:
    """The weights whose average a run keeps, and over how many steps."""
    kept = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["averaging"]
    return {**kept["weights"], "updates": torch.tensor(kept["updates"])}


def test_run_directory(tmp_path):
    run = tmp_path / "run"
    summary = train(config_for(run, "train.epochs=2", task="segmentation"))
    names = ["config.yaml", "metrics.csv", "checkpoints/last.ckpt", "checkpoints/best.ckpt"]
    names += ["summary.json", "per_class.csv", "confusion/rotated.csv"]
    assert all((run / name).is_file() for name in names)
    assert list((run / "tensorboard").glob("events*"))
    assert json.loads((run / "summary.json").read_text()) == summary
    keys = {
        *("method", "task", "parameters", "device", "seed", "epochs", "train_seconds"),
        *("samples_per_second", "commit", "versions", "test"),
    }
    assert keys <= set(summary)
    metrics = {
        *("miou", "miou_foreground", "pixel_miou", "pixel_miou_foreground", "accuracy"),
        "classes_absent",
    }
    assert set(summary["test"]) == {"unrotated", "rotated"}
    assert set(summary["test"]["rotated"]) == metrics
    with (run / "per_class.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 11
    with (run / "metrics.csv").open() as file:
        logged = list(csv.DictReader(file))
    validated = [row for row in logged if row.get("validation/miou_foreground")]
    seconds = [float(row["train/seconds"]) for row in validated]
    assert len(seconds) == 2
    assert 0 < seconds[0] < seconds[1] == pytest.approx(summary["train_seconds"], abs=0.01)


def test_loading_and_evaluating_a_run(tmp_path):
    run = tmp_path / "run"
    summary = train(config_for(run, "train.epochs=1"))
    model = load_run(run)
    assert not model.training
    assert model(torch.zeros(1, 1, 16, 16)).shape == (1, 10)
    again = evaluate(run, [])
    assert again["test"] == summary["test"]
    elsewhere = evaluate(run, ["domain.size=20"])
    assert set(elsewhere["test"]) == {"equirectangular20/unrotated", "equirectangular20/rotated"}
    same = ["data.name=digits", "model.normalisation=batch"]
    fewer = evaluate(run, ["data.test_size=7", *same])
    assert set(fewer["test"]) == {"data.test_size=7/unrotated", "data.test_size=7/rotated"}
    kept = json.loads((run / "summary.json").read_text())["test"]
    assert set(kept) == {*summary["test"], *elsewhere["test"], *fewer["test"]}
    assert kept["rotated"] == summary["test"]["rotated"]  # not those of fewer images


class InterruptionError(Exception):
    pass


@pytest.mark.parametrize("ema", ["null", "0.8"])
@pytest.mark.parametrize("model", ["cnn", "gauge"])
def test_an_interrupted_run_resumed_ends_with_the_same_weights(tmp_path, monkeypatch, model, ema):
    size = [] if model == "cnn" else ["domain.level=2"]
    words = ["train.epochs=3", "data.rotation=so3", "model.classification.head.dropout=0.2", *size]
    words += [f"train.ema={ema}", "train.warmup=1.5", "train.label_smoothing=0.1"]
    base = [w for w in TINY if model == "cnn" or "size=16" not in w]

    def config(name, *more):
        return load_config(model, overrides=[f"output={tmp_path / name}", *base, *words, *more])

    train(config("whole"))
    step = Training.training_step

    def interrupted(self, batch, batch_idx):
        if self.current_epoch == 2 and batch_idx == 3:
            raise InterruptionError
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", interrupted)
    with pytest.raises(InterruptionError):
        train(config("broken"))
    monkeypatch.undo()
    train(config("broken", "train.resume=true"))
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    if ema != "null":  # beside the average there are the weights that are trained
        whole |= averaged_weights(tmp_path / "whole")
        resumed |= averaged_weights(tmp_path / "broken")
    assert whole.keys() == resumed.keys()
    for name in whole:
        assert torch.equal(whole[name], resumed[name]), name
    with (tmp_path / "broken" / "metrics.csv").open() as file:
        epochs = {row["epoch"] for row in csv.DictReader(file)}
    assert {"0", "1", "2"} <= epochs  # what was logged before the interruption is kept
    assert not (tmp_path / "broken" / "metrics.previous.csv").exists()


def test_a_finished_run_can_be_continued(tmp_path):
    run = tmp_path / "run"
    train(config_for(run, "train.epochs=1", "train.schedule=constant"))
    summary = train(
        config_for(run, "train.epochs=2", "train.schedule=constant", "train.resume=true")
    )
    assert summary["epochs"] == 2


def test_a_taken_output_is_refused(tmp_path):
    run = tmp_path / "run"
    train(config_for(run, "train.epochs=1"))
    with pytest.raises(UserError, match=r"already holds a run; .* train.resume=true"):
        train(config_for(run, "train.epochs=1"))
    with pytest.raises(UserError, match="started with another seed"):
        train(config_for(run, "train.epochs=2", "train.resume=true", "seed=9"))


def test_a_loss_that_is_no_number_stops_with_advice(tmp_path):
    run = tmp_path / "run"
    words = ("train.epochs=2", "train.learning_rate=1e30", "train.gradient_clip=null")
    with pytest.raises(DivergenceError, match=r"at step \d+.*checkpoint.*learning_rate"):
        train(config_for(run, *words, "model.normalisation=none"))


def test_early_stopping(tmp_path):
    summary = train(
        config_for(
            tmp_path / "run", "train.epochs=30", "train.patience=1", "train.learning_rate=1e-9"
        )
    )
    assert summary["epochs"] < 30


def test_bf16(tmp_path):
    summary = train(config_for(tmp_path / "run", "train.epochs=1", "trainer.precision=bf16-mixed"))
    assert summary["dtype"] == "bf16-mixed"


def test_same_seed_same_weights(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(config_for(tmp_path / name, "train.epochs=1", f"seed={seed}"))
    a, b, c = (weights(tmp_path / name) for name in "abc")
    assert a.keys() == b.keys() == c.keys()
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert any(not torch.equal(a[k], c[k]) for k in a)


def test_two_processes_see_the_whole_test_set(tmp_path):
    """DDP on two CPU processes: the test counts every image once, and both end alike."""
    run = tmp_path / "ddp"
    words = [w for w in TINY if "devices" not in w and "test_size" not in w]
    words += ["data.test_size=23", "trainer.devices=2", "trainer.strategy=ddp"]
    words += ["model=cnn", "train.epochs=1", f"output={run}"]
    command = [sys.executable, "-m", "gaugecnn", "train", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    with (run / "confusion" / "rotated.csv").open() as file:
        table = list(csv.DictReader(file))
    assert sum(float(v) for row in table for k, v in row.items() if k != "true") == 23
    single = evaluate(run, ["trainer.devices=1", "trainer.strategy=auto"])
    assert single["test"] == json.loads((run / "summary.json").read_text())["test"]
