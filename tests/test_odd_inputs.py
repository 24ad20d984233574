"""The table of logits on signals that a network was not trained on."""

from __future__ import annotations

import math

import pytest

from experiments.first_comparison.odd_inputs import FACTORS, rows
from gaugecnn import load_config
from gaugecnn.training.run import train


@pytest.mark.parametrize("model", ["cnn", "s2cnn"])
def test_logits_of_odd_inputs(model, tmp_path) -> None:
    words = ["domain.size=16"] if model == "cnn" else ["domain.bandwidth=24"]
    words += ["data.train_size=32", "data.test_size=20", "train.epochs=1"]
    train(load_config(model, overrides=[*words, f"output={tmp_path / 'run'}"]))
    found = {row["test_condition"]: float(row["value"]) for row in rows(tmp_path / "run")}
    assert len(found) == len(FACTORS) + 5
    assert all(math.isfinite(value) for value in found.values())
    growing = [found[f"digits times {factor:g}"] for factor in FACTORS]
    assert growing[-1] > growing[3]
    if model == "s2cnn":  # at most in proportion to the signal
        assert growing[-1] < 1.2 * 10 * growing[-2]
