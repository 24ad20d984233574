"""Studies of seconds: tiny planar networks on scikit-learn's digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calls import succeed
from tests.studies.calls import CPU

STUDY = """\
question: Which network knows digits?
words: [data.name=digits, data.train_size=48, data.validation_size=16, data.test_size=24]
grid:
  network:
    cnn: [model=cnn, domain.size=16]
    p4: [model=p4, domain.size=16]
also:
  - where: {network: cnn}
    words: [train.epochs=2]
  - where: {network: p4}
    words: [train.epochs=1]
seeds: [0]
tables:
  - {name: table, title: Accuracy in %, rows: [network], columns: [condition],
     where: {metric: accuracy, test: as trained}}
figures:
  - {name: figure, x: [network], series: [condition], where: {metric: accuracy, test: as trained}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the user is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def written(folder: Path) -> Callable[..., Path]:
    """Write ``small.yaml``, with replaced parts and further lines."""

    def write(*more: str, replace: dict[str, str] | None = None) -> Path:
        text = STUDY
        for old, new in (replace or {}).items():
            assert old in text
            text = text.replace(old, new)
        path = folder / "small.yaml"
        path.write_text(text + "\n".join(more) + "\n")
        return path

    return write


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that this process did without a break."""
    return answered(tmp_path_factory.mktemp("undisturbed"))


def answered(folder: Path, *words: str) -> Path:
    """The folder, in which this process did the study."""
    (folder / "small.yaml").write_text(STUDY)
    succeed("study", folder / "small.yaml", f"output={folder / 'runs'}", *words, *CPU)
    return folder
