"""Committed results carry their provenance, and say what the README says of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
COLUMNS = [
    *("model", "task", "seed", "train_rotation", "train_size", "test_condition", "metric"),
    *("value", "parameters", "train_seconds", "device", "dtype", "commit", "command"),
]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "path", sorted(EXPERIMENTS.glob("*/results.csv")), ids=lambda p: p.parent.name
)
def test_every_number_carries_its_provenance(path):
    rows = rows_of(path)
    assert rows
    for row in rows:
        assert list(row) == COLUMNS
        assert all(row[name] for name in COLUMNS), row
        assert len(row["commit"]) == 12, "measured on a changed checkout"
        float(row["value"])


@pytest.fixture
def scores() -> dict[tuple[str, str, str], float]:
    """The metric of the first comparison by model, task and test."""
    rows = rows_of(EXPERIMENTS / "first_comparison" / "results.csv")
    assert {(row["train_size"], row["dtype"]) for row in rows} == {("10000", "32-true")}
    assert all(float(row["train_seconds"]) <= 900 for row in rows)
    metric = {"classification": "accuracy", "segmentation": "miou_foreground"}
    return {
        (row["model"], row["task"], row["test_condition"]): float(row["value"])
        for row in rows
        if row["metric"] == metric[row["task"]]
    }


@pytest.mark.parametrize("model", ["gauge", "s2cnn"])
def test_built_in_rotations_are_kept(scores, model):
    unrotated, rotated = (
        scores[model, "classification", test] for test in ("unrotated", "rotated")
    )
    assert rotated >= 92
    assert abs(unrotated - rotated) <= 1.5
    unrotated, rotated = (scores[model, "segmentation", test] for test in ("unrotated", "rotated"))
    assert abs(unrotated - rotated) <= 2
    assert rotated > scores["cnn-augmented", "segmentation", "rotated"]


def test_the_plain_cnn_loses_them(scores):
    assert scores["cnn", "classification", "unrotated"] > 95
    assert scores["cnn", "classification", "rotated"] < 50
