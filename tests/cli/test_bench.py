from __future__ import annotations

from pathlib import Path

import pytest

import gaugecnn.bench
from gaugecnn.bench.results import METRICS
from gaugecnn.records.files import read_csv
from tests.bench.networks import FOOTPRINT
from tests.cli.calls import call, refuse, succeed
from tests.test_results import COLUMNS

MODELS = "models=[cnn:domain.size=16,cnn:domain.size=24]"
WORDS = [MODELS, "task=segmentation", "repeats=1", "device=cpu"]


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Footprints are made up: the processes have tests of their own."""
    monkeypatch.setattr("gaugecnn.bench.run.footprint", lambda *_: dict(FOOTPRINT))


def test_a_table_and_a_file(empty: Path) -> None:
    printed = succeed("bench", *WORDS, "seed=3")
    for told in ("segmentation, batch 1", "training step, ms", "per product", "bfloat16, ms"):
        assert told in printed
    assert "results: runs/bench/results.csv" in printed
    assert "latency: round 1 of 1" in printed  # no terminal: plain lines
    rows = read_csv(empty / "runs" / "bench" / "results.csv")
    assert list(rows[0])[: len(COLUMNS)] == COLUMNS
    assert {row["metric"] for row in rows} == set(METRICS)
    assert {row["model"] for row in rows} == {"cnn:domain.size=16", "cnn:domain.size=24"}
    assert {row["seed"] for row in rows} == {"3"}
    assert all(row[name] for row in rows for name in COLUMNS)


def test_its_own_file_is_replaced_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "mine.csv"
    for _ in range(2):
        assert str(file) in succeed("bench", *WORDS, f"output={file}").replace("\n", "")
    assert [path.name for path in file.parent.iterdir()] == ["mine.csv"]
    trained = tmp_path / "results.csv"
    trained.write_text("metric,value\naccuracy,95.5\n")
    assert "holds other results" in refuse("bench", *WORDS, f"output={tmp_path}")
    assert "95.5" in trained.read_text()


REFUSALS = {
    "nothing": ("", "models: expected at least one model, such as models="),
    "no models": ("models=[]", "models: expected at least one model"),
    "model": ("models=[cnn,gaug]", "gaug: unknown model 'gaug'", "did you mean gauge"),
    "key": ("models=cnn modls=2", "unknown key 'modls'; bench uses models, task, batch"),
    "ignored key": ("models=cnn trainer.devices=2", "unknown key 'trainer.devices'"),
    "batch": ("models=cnn batch=0", "batch: expected at least 1, got 0"),
    "batch in words": ("models=cnn batch=two", "batch: expected a whole number, got 'two'"),
    "repeats": ("models=cnn repeats=1.5", "repeats: expected a whole number, got '1.5'"),
    "compile": ("models=cnn compile=yes", "compile: expected true or false, got 'yes'"),
    "device": ("models=cnn device=gpu", "device: expected one of auto, cpu, cuda, got 'gpu'"),
    "twice": ("models=cnn models=gcn", "models= is given twice"),
    "no common task": ("models=[p4_25k,cnn_218k]", "p4_25k has no plan for segmentation"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_mistakes_are_told_in_one_line(case: str, empty: Path) -> None:
    words, *fragments = REFUSALS[case]
    line = refuse("bench", *words.split())
    for fragment in fragments:
        assert fragment in line
    assert list(empty.iterdir()) == []


def test_interrupted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gaugecnn.bench.run, "training_step", interrupted)
    result = call("bench", *WORDS, f"output={tmp_path}")
    assert result.exit_code == 130
    assert result.stderr == "gaugecnn: interrupted\n"
    assert list(tmp_path.iterdir()) == []
