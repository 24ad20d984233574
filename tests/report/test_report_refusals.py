"""What is wrong with a report is one line, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugecnn.commands.report import split
from tests.cli.calls import refuse

REFUSALS = {
    "no name": ("image=3", "expected the name of a study, got none"),
    "unknown": ("smoek", "no study 'smoek'", "there are: "),
    "twice": ("smoke smoke", "the study smoke is given twice"),
    "results of several": ("smoke own_fields results=x", "results=x: expected one study, got"),
    "runs of several": ("smoke own_fields runs=x", "runs=x: expected one study"),
    "engine": ("smoke engine=slurm", "engine=slurm: a report trains nothing"),
    "end": ("smoke output=page.png", "output: expected a file of type .html, got page.png"),
    "image": ("small.yaml image=-1", "image: expected a whole number of at least 0, got '-1'"),
    "no such image": ("small.yaml image=6", "image: expected 0 to 5, got 6"),
    "preset": ("small.yaml --preset big", "unknown preset 'big'; there are: none"),
    "word": ("small.yaml data.nmae=mnist", "unknown key 'data.nmae'"),
    "no numbers": (
        "small.yaml data.seed=7 data.root=there results=nowhere",
        "no numbers in runs/studies/small or nowhere/results.csv; "
        "make them with: gaugecnn study small.yaml data.seed=7 data.root=there results=nowhere",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_mistake_is_one_line(case: str, folder: Path) -> None:
    words, *expected = REFUSALS[case]
    before = sorted(folder.rglob("*"))
    said = refuse("report", *words.split())
    assert [part for part in expected if part not in said] == []
    assert sorted(folder.rglob("*")) == before


def test_a_damaged_table_names_the_study(folder: Path) -> None:
    study = folder / "wrong.yaml"
    study.write_text(
        (folder / "small.yaml").read_text().replace("values: [12.5, 99.25]", "values: [12.5]")
    )
    said = refuse("report", "wrong.yaml", "runs=runs/studies/small")
    assert "wrong.yaml: tables[0].published[0].values: expected 2 numbers" in said


def test_a_file_with_an_equals_sign_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "a=b.yaml").touch()
    assert split([str(tmp_path / "a=b.yaml"), "image=1"]) == (
        [str(tmp_path / "a=b.yaml")],
        {"image": "1"},
    )
