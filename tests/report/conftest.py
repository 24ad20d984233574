"""One tiny study whose runs are trained once: masks of two networks, classes of a third."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gaugecnn.studies.plan import PlannedRun
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.specification import load_study
from tests.cli.calls import succeed

STUDY = """\
question: Which network finds <digits> & why?
words:
  - data.name=digits
  - data.train_size=48
  - data.validation_size=16
  - data.test_size=6
  - train.epochs=1
  - trainer.accelerator=cpu
grid:
  network:
    cnn: [model=cnn, domain.size=16, task=segmentation]
    gcn: [model=gcn, domain.level=2, task=segmentation]
    classifier: [model=cnn, domain.size=16]
exclude: [{network: [gcn, classifier], seed: 1}]
seeds: [0, 1]
columns: {model: "{network}"}
tables:
  - {name: overlap, title: Overlap in %, rows: [network], columns: [condition],
     beside: [parameters], where: {metric: miou_foreground, test: as trained}, source: Others,
     published: [{row: [cnn], values: [12.5, 99.25]}]}
figures:
  - {name: overlap, title: Overlap & turns, kind: lines, panels: [network], x: [condition],
     where: {metric: miou_foreground, test: as trained}}
"""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with ``small.yaml`` and its runs."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "small.yaml").write_text(STUDY)
        succeed("study", "small.yaml", "threads=1")
    return folder


@pytest.fixture
def folder(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, in which the user is."""
    monkeypatch.chdir(trained)
    return trained


@pytest.fixture
def runs(folder: Path) -> tuple[PlannedRun, ...]:
    """The runs of the study."""
    return make_plan(load_study(folder / "small.yaml"), None, [], Path("runs/studies/small")).runs
