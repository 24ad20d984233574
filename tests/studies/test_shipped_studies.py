"""Every study that is shipped can be planned in every size, and names what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugecnn.studies.checks import check_functions, check_shown
from gaugecnn.studies.expectations import missed
from gaugecnn.studies.numbers import numbers_of
from gaugecnn.studies.plan import PlannedRun
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.specification import load_study
from gaugecnn.studies.tables import laid_out, markdown
from gaugecnn.studies.where import alternatives, values_of
from tests.studies.calls import ROOT

MISSED = {
    "geometry": {
        "storage and place do not matter in double precision",
        "storage and place do not matter in single precision",
    },
    "s2cnn_cost": {
        "on Gauss-Legendre rings with products, forward",
        "on Gauss-Legendre rings with products, forward and backward",
        "the published plan, forward",
    },
}
"""What was asked of a study, and its README says was missed."""
ONE_SEED = ("smoke", "s2cnn_mnist", "gauge_mnist")
"""Seconds that say nothing, and hours that are told to be one run."""
FILES = sorted((ROOT / "experiments").glob("*/study.yaml"))
SIZES = [(file, preset) for file in FILES for preset in ([*load_study(file).presets] or [None])]


@pytest.mark.parametrize(
    ("file", "preset"), SIZES, ids=[f"{f.parent.name}-{preset}" for f, preset in SIZES]
)
def test_it_can_be_planned(file: Path, preset: str | None, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    study = load_study(file)
    check_shown(study)
    check_functions(study)
    plan = make_plan(study, preset, ["data.root=somewhere"], Path("runs"))
    runs = [item for item in plan.items if isinstance(item, PlannedRun)]
    assert all(run.config.data.root == "somewhere" for run in runs)
    assert len(plan.items) == len(runs) + len(plan.measures)
    assert study.question.endswith("?")
    assert study.tables
    for expected in (e for e in study.expected if preset in (e.presets or (preset,))):
        for where in alternatives(expected.where):
            for factor in set(where) & set(plan.factors):
                planned = {run.factors[factor] for run in runs}
                assert planned.issuperset(values_of(where[factor])), expected.name
    seeds = {run.config.seed for run in runs}
    assert not runs or len(seeds) >= (
        1 if preset == "digits" or file.parent.name in ONE_SEED else 3
    )


COMMITTED = [
    (file, preset, folder)
    for file, preset in SIZES
    if ((folder := load_study(file).beside(file, preset)) / "results.csv").is_file()
]


@pytest.mark.parametrize(
    ("file", "preset", "folder"), COMMITTED, ids=[f"{f.parent.name}-{p}" for f, p, _ in COMMITTED]
)
def test_what_is_committed_is_as_expected(file, preset, folder: Path, tmp_path) -> None:
    """The numbers are those of the table: no run is here."""
    study = load_study(file)
    plan = make_plan(study, preset, [], tmp_path)
    numbers = numbers_of(plan, file.parent.name, folder / "results.csv", tmp_path)
    assert numbers
    asked = [e for e in study.expected if preset in (e.presets or (preset,))]
    told = {
        expected.name: lines
        for expected in asked
        if (lines := list(missed(expected, numbers, plan.factors, expected.name)))
    }
    for i, table in enumerate(study.tables):
        if (grid := laid_out(table, numbers, f"tables[{i}]")).rows:
            assert (folder / f"{table.name}.md").read_text() == markdown(grid)
    known = MISSED.get(file.parent.name, set()) & {expected.name for expected in asked}
    assert set(told) == known, told
    assert not known or "*(missed)*" in (file.parent / "README.md").read_text()
