"""The rows of a run in the pinned long form."""

from __future__ import annotations

from gaugecnn.records.results import Result, rows_of_run
from tests.test_results import COLUMNS

SUMMARY = {
    "model": "gauge",
    "method": "gauge",
    "task": "segmentation",
    "parameters": 12,
    "device": "cpu (2 threads)",
    "dtype": "32-true",
    "seed": 3,
    "train_size": 40,
    "epochs": 5,
    "train_seconds": 1.5,
    "commit": "0123456789ab",
    "test": {
        "unrotated": {"miou": 50.0, "accuracy": 90.0},
        "rotated": {"miou": 100 / 3, "accuracy": 80.0},
    },
}


def test_each_number_of_a_run_has_a_row():
    rows = rows_of_run(SUMMARY, "gauge, small", "gaugecnn train model=gauge", "so3")
    assert all(list(row) == COLUMNS for row in rows)
    found = {(row["test_condition"], row["metric"]): row["value"] for row in rows}
    assert found == {
        ("unrotated", "miou"): "50.0000",
        ("unrotated", "accuracy"): "90.0000",
        ("rotated", "miou"): "33.3333",
        ("rotated", "accuracy"): "80.0000",
    }
    for key in ("task", "seed", "parameters", "device", "dtype", "train_size", "commit"):
        assert {row[key] for row in rows} == {SUMMARY[key]}
    assert {row["train_rotation"] for row in rows} == {"so3"}
    assert {row["model"] for row in rows} == {"gauge, small"}


def test_what_was_not_trained_says_so():
    row = Result(
        model="block",
        test_condition="relu",
        metric="error",
        value=0.1,
        device="cpu",
        dtype="float64",
        commit="0123456789ab",
        command="python x.py",
    ).row()
    assert list(row) == COLUMNS
    assert (row["task"], row["train_rotation"], row["train_size"]) == ("-", "-", 0)
