from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.calls import TINY, succeed


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny run per task, under the task's name."""
    folder = tmp_path_factory.mktemp("runs")
    for task in ("classification", "segmentation"):
        printed = succeed("train", f"task={task}", *TINY, f"output={folder / task}")
        assert "unrotated" in printed
        assert "parameters" in printed
        assert str(folder / task) in printed
    return folder


@pytest.fixture
def copied(runs: Path, tmp_path: Path) -> Path:
    """A run of its own for a test that damages or extends it."""
    return Path(shutil.copytree(runs / "classification", tmp_path / "run"))


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
