"""Measures are told where data lie, and are made in the sizes that ask for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugecnn.callables import accepted
from gaugecnn.records.files import read_csv
from tests.cli.calls import call, refuse, succeed

MEASURED = """
def where(places):
    return [{"model": "-", "test_condition": w, "metric": "n", "value": 1} for w in places]

def elsewhere(**options):
    return [{"model": "-", "test_condition": "-", "metric": "options", "value": len(options)}]
"""
STUDY = """
question: Where are they?
presets: {small: {}, large: {}}
measures:
  - {name: where, function: "places_of:where"}
  - {name: elsewhere, function: "places_of:elsewhere", presets: [large]}
tables: [{name: t, title: T, rows: [test_condition], columns: [metric]}]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "places_of.py").write_text(MEASURED)
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


@pytest.mark.parametrize("engine", ["local", "processes"])
def test_a_measure_with_places_knows_where_data_lie(engine: str, here: Path) -> None:
    words = ("data.root=/some where", "data.train_size=3", f"engine={engine}", "results=out")
    assert "where: done, 1 of 1" in succeed("study", "study.yaml", *words)
    rows = read_csv(here / "out" / "results.csv")
    assert [row["test_condition"] for row in rows] == ["data.root=/some where"]


def test_a_measure_of_another_size_is_not_made(here: Path) -> None:
    assert "elsewhere" not in succeed("study", "study.yaml", "--dry-run")
    assert "elsewhere" in succeed("study", "study.yaml", "--dry-run", "--preset", "large")
    succeed("study", "study.yaml", "results=out", "--preset", "large", "data.root=d")
    rows = read_csv(here / "out" / "results.csv")
    assert [row["metric"] for row in rows] == ["n", "options"]
    assert rows[1]["value"] == "0"  # not told of the places: it has no such parameter


def test_the_answer_of_another_size_is_not_replaced(here: Path) -> None:
    words = ("study", "study.yaml", "results=out", "data.root=d")
    succeed(*words, "--preset", "large")
    table = (here / "out" / "results.csv").read_bytes()
    for option in ("--report", "--dry-run"):
        told = refuse(*words, option)
        assert "results=out: results.csv there has numbers of the preset large, which" in told
        assert "those of small would replace; give another folder" in told
    assert (here / "out" / "results.csv").read_bytes() == table
    succeed(*words, "--preset", "large")
    succeed("study", "study.yaml", "data.root=d")  # in a folder of its own where none is named
    succeed("study", "study.yaml", "data.root=d", "--preset", "large")


def test_another_size_that_cannot_be_planned_is_in_nobodys_way(here: Path) -> None:
    words = ("study", "study.yaml", "results=out", "data.root=d")
    succeed(*words)
    other = STUDY.replace("large: {}", "large: {words: [model=nothing]}")
    (here / "study.yaml").write_text(other.replace("{name: where", "{name: there"))
    assert "there: done" in succeed(*words)


def test_a_size_that_there_is_not_is_refused(here: Path) -> None:
    (here / "study.yaml").write_text(STUDY.replace("[large]", "[larg]"))
    result = call("study", "study.yaml", "--dry-run")
    assert result.exit_code == 2
    assert "measures[1].presets: no label 'larg'; there are: small, large" in result.stderr


def test_only_what_a_function_takes_is_given() -> None:
    assert accepted(lambda train, domain: None, domain=1, places=2) == {"domain": 1}
