"""``~`` is the home folder wherever a path is typed, though few shells say so in ``key=~/path``."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from gaugecnn.files import at_home
from tests.cli.calls import TINY, refuse, succeed
from tests.shipped import MESHES

SMALL = ["model=gauge", *TINY, "data.name=digits"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


def test_a_path_begins_at_home(home: Path) -> None:
    assert at_home("~/a") == home / "a"
    assert at_home(Path("~")) == home
    assert at_home("a/~/b") == Path("a/~/b")
    assert at_home("~no_such_user/a") == Path("~no_such_user/a")


@pytest.mark.filterwarnings("ignore:.*images are:gaugecnn.errors.GaugecnnWarning")
def test_commands_read_and_write_there(home: Path) -> None:
    shutil.copy(MESHES / "torus.ply", home / "own.ply")
    succeed("train", *SMALL, "output=~/run")
    succeed("evaluate", "~/run", "domain.kind=mesh", "domain.file=~/own.ply")
    succeed("render", "model=cnn", "--output=~/drawn/a.png")
    succeed("study", "smoke", "output=~/study", "results=~/told", "--adopt=~/run")
    succeed("bench", "models=[cnn]", "repeats=1", "batch=1", "output=~/bench")
    assert str(home / "nothing") in refuse("evaluate", "~/nothing")
    assert "cannot be written" in refuse("report", "smoke", "output=~/own.ply/report.html")
    assert "own/unrotated" in json.loads((home / "run" / "summary.json").read_text())["test"]
    assert (home / "drawn" / "a.png").is_file()
    assert (home / "bench" / "results.csv").is_file()
    assert not [name for name in os.listdir() if "~" in name]
