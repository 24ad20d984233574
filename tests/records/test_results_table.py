"""A table of results is read whole, or refused with the row that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugecnn.errors import UserError
from gaugecnn.records.files import csv_text
from gaugecnn.records.results import COLUMNS, Result, read_results
from tests.cli.calls import refuse
from tests.studies.calls import ROOT

ROW = Result(
    model="cnn, small",
    test_condition="rotated",
    metric="accuracy",
    value="97.5",
    device="cpu",
    dtype="32-true",
    commit="0123456789ab",
    command="gaugecnn train 'model=a cnn'  # images",
).row()
WHOLE = csv_text([ROW, {**ROW, "seed": 1}]).encode()
DAMAGE = {
    "of something else": (b"a,b\n1,2\n", "row 1: there is no model"),
    "cut": (WHOLE[:-40], "row 2: there is no command"),
    "no number": (
        WHOLE.replace(b"97.5", b"good", 1),
        "row 1: value: expected a number, got 'good'",
    ),
    "no size": (WHOLE.replace(b",0,0,cpu", b",,0,cpu"), "row 1: parameters: expected a number"),
    "no command": (WHOLE.replace(b"a cnn'", b"a cnn"), "row 1: command: No closing quotation"),
    "bytes": (b"\xff\xfe" + WHOLE, "expected a table in CSV, as UTF-8"),
    "one endless field": (b'model\n"' + b"x" * 200_000, "expected a table in CSV, as UTF-8: field"),
}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    assert read_results(path) == []
    path.write_bytes(WHOLE)
    rows = read_results(path)
    assert [row["seed"] for row in rows] == ["0", "1"]
    assert rows[0] == {column: str(ROW[column]) for column in COLUMNS}


@pytest.mark.parametrize("damage", DAMAGE)
def test_another_table_is_refused(damage: str, tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_bytes(DAMAGE[damage][0])
    with pytest.raises(UserError) as refused:
        read_results(tmp_path / "results.csv")
    assert str(tmp_path / "results.csv") in str(refused.value)
    assert DAMAGE[damage][1] in str(refused.value)


@pytest.mark.parametrize("option", [None, "--report", "--dry-run"])
def test_no_run_is_begun_whose_answer_would_replace_it(
    option: str | None, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.csv").write_text("a,b\n1,2\n")
    words = [ROOT / "experiments" / "smoke", "results=out", *([option] if option else [])]
    assert "out/results.csv is no table of results" in refuse("study", *words)
    (tmp_path / "out" / "results.csv").unlink()
    (tmp_path / "out" / "results.csv").mkdir()
    assert "results.csv: expected a file, got a folder: out/results.csv" in refuse("study", *words)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
