"""The measurement of a GPU, on a CPU and on tiny sizes: all parts run, and what fails is told."""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from rich.console import Console

from gaugecnn.config import available, load_config
from tests.test_results import COLUMNS

ROOT = Path(__file__).parents[1]
GPU = ROOT / "experiments" / "gpu"


@pytest.fixture
def gpu(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(str(GPU))
    return import_module("gpu")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_part_runs_on_a_cpu(tmp_path, gpu):
    table = tmp_path / "results.csv"
    words = ["--device", "cpu", "--quick", "--results", str(table)]
    done = subprocess.run(
        ["bash", str(GPU / "run.sh"), *words],
        env={**os.environ, "PYTHON": sys.executable, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = rows_of(table)
    for row in rows:
        assert list(row)[: len(COLUMNS)] == COLUMNS
        assert all(row.values()), row
        assert row["device"] == "cpu (1 threads)"
        float(row["value"])
    found = {(row["model"], row["metric"], row["dtype"]): float(row["value"]) for row in rows}
    assert not [row for row in rows if row["metric"] == "failed"]
    assert found["conformance", "tests_passed", "-"] >= 10
    assert found["conformance", "tests_failed", "-"] == 0
    assert found["GaugeConv 16x0+16x1+16x2, one ring", "train_step_ms", "float32"] > 0
    assert found["S2Conv", "reference_value_error", "float32"] < 1e-5
    assert found["s2cnn", "latency_ms", "bfloat16"] > 0
    first, last = gpu.NAMES[0], gpu.NAMES[-1]
    assert found[first, "images_per_second", "32-true"] > 0
    assert found[last, "images_per_second", "bf16-mixed"] > 0
    assert found["cnn", "output_error", "bfloat16"] < 0.1
    sources = {r["test_condition"] for r in rows if r["metric"] == "images_per_second"}
    assert sources == {"digits, batch4, 8 of the 1168 images of an epoch"}
    assert "== compile" in (tmp_path / "log.txt").read_text()


def test_what_fails_is_a_row_and_the_rest_is_kept(tmp_path, gpu, monkeypatch):
    monkeypatch.setattr(gpu, "BUDGETS", {"gauge_cost": 0.2, "nonsense": 60, "conformance": 60})
    table = tmp_path / "results.csv"
    args = argparse.Namespace(
        device="cpu", quick=True, root=None, results=table, commit="0123456789ab", parts=None
    )
    _, failed = gpu.measure(args, Console(quiet=True))
    assert failed == ["gauge_cost", "nonsense"]
    rows = rows_of(table)
    reasons = [row["test_condition"] for row in rows if row["metric"] == "failed"]
    assert reasons == ["out of time", "exit code 1: KeyError: 'nonsense'"]
    assert {row["commit"] for row in rows} == {"0123456789ab"}
    passed = [row["value"] for row in rows if row["metric"] == "tests_passed"]
    assert int(passed[0]) >= 10


def test_no_device_is_said(tmp_path, gpu, monkeypatch, capsys):
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--results", str(tmp_path / "results.csv")])
    assert gpu.main() == 2
    assert "--device cpu --quick" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_nine_minutes(gpu):
    assert sum(gpu.BUDGETS.values()) <= 9 * 60 - 10


def test_the_recipes_can_be_had(gpu):
    assert gpu.RECIPES
    for model, words in gpu.RECIPES.items():
        assert model in available("model")
        assert load_config(model, overrides=words).model.name == model


def test_requirements_are_those_of_the_package_without_torch():
    lines = (GPU / "requirements.txt").read_text().splitlines()
    wanted = {line for line in lines if line and not line.startswith("#")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    known = {*project["dependencies"], *(line for extra in extras for line in extra)}
    assert wanted <= known
    names = {re.split(r"[>=]", line)[0] for line in wanted}
    assert "torch" not in names
    assert {"pytest", "lightning", "omegaconf"} <= names
