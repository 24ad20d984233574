"""An attempt from which nothing comes leaves the directory as it was, to the byte."""

from __future__ import annotations

import json

import pytest
import torch

from gaugecnn.errors import UserError
from gaugecnn.records import directory
from gaugecnn.records.directory import epochs_done
from gaugecnn.records.files import read_csv
from gaugecnn.training.module import DivergenceError, Training
from gaugecnn.training.run import evaluate, train
from tests.training.hashes import contents
from tests.training.test_run import config_for


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of two epochs."""
    run = tmp_path_factory.mktemp("finished") / "run"
    train(config_for(run, "train.epochs=2"))
    return run


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train.epochs=3"], "already holds a run"),
        (
            ["train.epochs=1", "train.resume=true", "train.learning_rate=0.1"],
            "2 epochs of .* are done, and train.epochs=1 asks for fewer",
        ),
        (["train.epochs=3", "train.resume=true", "seed=9"], "started with another seed"),
        (["train.epochs=3", "train.resume=true", "trainer.precision=16-mixed"], "bf16-mixed"),
        (["train.epochs=3", "train.resume=true", "trainer.limit_val_batches=0.01"], "Try at least"),
        (["train.epochs=3", "train.resume=true", "trainer.devices=0"], "trainer: "),
    ],
)
def test_what_is_refused_writes_nothing(finished, words, told):
    before = contents(finished)
    with pytest.raises(UserError, match=told) as error:
        train(config_for(finished, *words))
    assert "\n" not in str(error.value)
    assert contents(finished) == before


def fail_at(monkeypatch, error, step=0):
    """Let the training step of that number fail."""
    original = Training.training_step

    def failing(self, batch, batch_idx):
        if self.global_step >= step:
            raise error
        return original(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", failing)


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt(), DivergenceError("no")])
def test_a_resumed_run_that_fails_at_once(finished, monkeypatch, error):
    before = contents(finished)
    fail_at(monkeypatch, error)
    words = ["train.epochs=3", "train.resume=true", "train.learning_rate=0.1"]
    with pytest.raises(type(error)):
        train(config_for(finished, *words))
    assert contents(finished) == before


def test_a_resumed_run_that_cannot_take_a_step(finished):
    """Batch norm has no statistics of a single sample."""
    before = contents(finished)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        train(config_for(finished, "train.epochs=3", "train.resume=true", "train.batch_size=1"))
    assert contents(finished) == before


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: torch.save({"state_dict": {}}, path), "it has no optimizer_states"),
        (lambda path: path.unlink(), r"has no checkpoints/last.ckpt to go on from"),
    ],
)
def test_a_damaged_checkpoint(tmp_path, damage, told):
    run = tmp_path / "run"
    train(config_for(run, "train.epochs=1"))
    damage(run / "checkpoints" / "last.ckpt")
    before = contents(run)
    with pytest.raises(UserError, match=told):
        train(config_for(run, "train.epochs=5", "train.resume=true", "train.learning_rate=0.1"))
    assert contents(run) == before


def test_a_checkpoint_is_whole_or_the_one_of_before(tmp_path, monkeypatch):
    run, saved = tmp_path / "run", torch.save

    class EndError(Exception):
        pass

    def half(checkpoint, file, *arguments, **options):
        if checkpoint["epoch"] == 1:
            file.write(b"half of it")
            raise EndError
        saved(checkpoint, file, *arguments, **options)

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(EndError):
        train(config_for(run, "train.epochs=2"))
    monkeypatch.undo()
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["epoch"] == 0
    assert [path.name for path in (run / "checkpoints").iterdir() if path.suffix != ".ckpt"] == []
    assert train(config_for(run, "train.epochs=2", "train.resume=true"))["epochs"] == 2


@pytest.mark.parametrize("there", [False, True])
def test_the_corrected_command_works_after_a_failure(tmp_path, there):
    run = tmp_path / "run"
    if there:
        run.mkdir()
        (run / "notes.txt").write_text("mine")
    before = contents(run)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        train(config_for(run, "train.epochs=1", "train.batch_size=1"))
    assert run.exists() == there
    assert contents(run) == before
    train(config_for(run, "train.epochs=1"))
    assert (run / "summary.json").is_file()


def test_a_failing_sanity_check(tmp_path, monkeypatch):
    run = tmp_path / "run"

    def fail(*_):
        raise RuntimeError("no")

    monkeypatch.setattr(Training, "validation_step", fail)
    with pytest.raises(RuntimeError, match="no"):
        train(config_for(run, "train.epochs=1", "trainer.num_sanity_val_steps=2"))
    assert not run.exists()


def test_what_a_killed_process_leaves_is_no_run(tmp_path):
    run = tmp_path / "run"
    (run / "tensorboard").mkdir(parents=True)
    (run / "tensorboard" / "events.out.tfevents.1").write_bytes(b"\0")
    for name in ("config.yaml", "data.json", "metrics.csv"):
        (run / name).write_text("")
    (run / ".lock").write_text("12345 on another")
    train(config_for(run, "train.epochs=1"))
    assert (run / "summary.json").is_file()
    with pytest.raises(UserError, match="already holds a run"):
        train(config_for(run, "train.epochs=1"))


def test_logged_rows_are_worth_keeping(tmp_path, monkeypatch):
    """A loss that becomes NaN in the first epoch can be looked at."""
    run = tmp_path / "run"
    words = ["train.epochs=1", "trainer.log_every_n_steps=1"]
    fail_at(monkeypatch, RuntimeError("no"), step=3)
    with pytest.raises(RuntimeError, match="no"):
        train(config_for(run, *words))
    assert len(read_csv(run / "metrics.csv")) == 3
    monkeypatch.undo()
    with pytest.raises(UserError, match="already holds a run"):
        train(config_for(run, *words))
    train(config_for(run, *words, "train.resume=true"))
    assert len(read_csv(run / "metrics.csv")) == 3 + 6 + 1  # and one of the validation


def test_saved_epochs_are_kept(tmp_path, monkeypatch):
    run = tmp_path / "run"
    fail_at(monkeypatch, RuntimeError("no"), step=7)  # in the second epoch
    with pytest.raises(RuntimeError, match="no"):
        train(config_for(run, "train.epochs=2"))
    kept = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert (epochs_done(kept), kept["global_step"]) == (1, 6)


def full(*_):
    raise OSError(28, "No space left on device")


def test_a_full_disk(finished, monkeypatch):
    before = contents(finished)
    monkeypatch.setattr(directory, "write_json", full)
    with pytest.raises(UserError, match="No space left"):
        train(config_for(finished, "train.epochs=3", "train.resume=true"))
    assert contents(finished) == before


def test_the_summary_is_written_last(finished, monkeypatch):
    """Who finds a test in it finds its tables too."""
    before = contents(finished)
    monkeypatch.setattr(directory, "write_csv", full)
    with pytest.raises(OSError, match="No space left"):
        evaluate(finished, ["data.test_size=4"])
    assert contents(finished) == before


def test_a_finished_run_that_is_resumed_keeps_its_tests(finished):
    """Its weights are the same."""
    summary = json.loads((finished / "summary.json").read_text())
    words = ["train.epochs=2", "train.resume=true", "trainer.limit_test_batches=1"]
    after = train(config_for(finished, *words))["test"]
    limited = {f"trainer.limit_test_batches=1/{c}" for c in ("unrotated", "rotated")}
    assert set(after) == {"unrotated", "rotated"} | limited
    assert after["rotated"] == summary["test"]["rotated"]
