"""Calls of the command line inside this process."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from gaugecnn.cli import app

TINY = [
    "trainer.limit_train_batches=2",
    "trainer.accelerator=cpu",
    "train.epochs=1",
    "train.batch_size=8",
    "data.train_size=32",
    "data.validation_size=8",
    "data.test_size=16",
    "domain.level=2",
]


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def succeed(*words: str | Path) -> str:
    result = call(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def refuse(*words: str | Path) -> str:
    """The one line on stderr of a call that must exit with code 2."""
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr
