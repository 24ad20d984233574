"""A run that is moved between two parts of its training ends as one that stayed."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

from gaugecnn.records.files import read_summary
from tests.cli.calls import succeed

WORDS = (
    *("model=cnn", "domain.size=16", "data.name=digits", "data.train_size=64"),
    *("data.validation_size=32", "data.test_size=16", "trainer.accelerator=cpu"),
    "train.learning_rate=1e-12",  # so that no epoch is better than the first
)


def trained(output: Path, epochs: int, *more: str) -> None:
    succeed("train", *WORDS, f"train.epochs={epochs}", f"output={output}", *more)


def kept(output: Path) -> tuple[int, int]:
    """The epochs of the best and of the last checkpoint."""
    files = (output / "checkpoints" / f"{name}.ckpt" for name in ("best", "last"))
    best, last = (torch.load(file, weights_only=True)["epoch"] for file in files)
    return best, last


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A run of two epochs, in another folder than it was trained in."""
    trained(tmp_path / "run", 2)
    return (tmp_path / "run").rename(tmp_path / "elsewhere")


def test_what_was_best_stays_best(moved: Path) -> None:
    trained(moved.with_name("stayed"), 4)
    with warnings.catch_warnings(action="error", category=UserWarning):
        trained(moved, 4, "train.resume=true")
    assert kept(moved) == kept(moved.with_name("stayed")) == (0, 3)
    assert read_summary(moved)["test"] == read_summary(moved.with_name("stayed"))["test"]


def test_without_its_best_the_next_is_kept(moved: Path) -> None:
    (moved / "checkpoints" / "best.ckpt").unlink()
    trained(moved, 4, "train.resume=true")
    assert kept(moved) == (2, 3)
