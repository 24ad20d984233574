"""One word apart: the same command trains every method on both tasks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugecnn.cli import app
from gaugecnn.task_registry import OF_PICTURES

MODELS = ("gauge", "s2cnn", "p4", "cnn", "gcn")
CUBE = ("domain.kind=cubed_sphere", "domain.size=8")
PAIRS = [*((model, ()) for model in MODELS), ("p4", CUBE), ("cnn", CUBE)]
COMMAND = [
    "train",
    "trainer.limit_train_batches=2",
    "trainer.accelerator=cpu",
    "train.epochs=1",
    "train.batch_size=4",
    "data.train_size=8",
    "data.validation_size=4",
    "data.test_size=4",
]


@pytest.mark.parametrize("task", OF_PICTURES)
@pytest.mark.parametrize(("model", "domain"), PAIRS)
def test_one_command_trains_every_model(
    model: str, domain: tuple[str, ...], task: str, tmp_path: Path
) -> None:
    words = [*COMMAND, f"task={task}", f"output={tmp_path}", f"model={model}", *domain]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["method"] == model
    assert summary["task"] == task
    assert summary["parameters"] > 1000
    metric = "accuracy" if task == "classification" else "miou"
    for condition in ("unrotated", "rotated"):
        assert 0 <= summary["test"][condition][metric] <= 100
    for name in ("best", "last"):
        assert (tmp_path / "checkpoints" / f"{name}.ckpt").is_file()
