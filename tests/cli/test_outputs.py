"""Where a command cannot write, it says so before it works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calls import refuse, succeed

COMMANDS = [
    ["audit", "model=cnn", "--json", "file/a.json"],
    ["audit", "model=cnn", "--figure", "file/a.png"],
    ["bench", "models=[cnn]", "output=file/a.csv"],
    ["bench", "models=[cnn]", "output=file"],
    ["render", "model=cnn", "--output", "file/a.png"],
    ["study", "smoke", "output=file"],
    ["study", "smoke", "results=file"],
    ["study", "smoke", "results=file/more"],
    ["report", "smoke", "output=file/a.html"],
    ["report", "smoke", "output=folder.html"],
    ["train", "model=cnn", "output=file"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_it_says_so_before_it_works(command: list[str], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder.html").mkdir()
    said = refuse(*command)
    assert "cannot be written" in said or "expected a f" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.html"]


def test_a_report_of_runs_that_cannot_be_written_is_read_all_the_same(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert "report: own.html" in succeed(
        "report", "own_fields", "runs=file/runs", "output=own.html"
    )
