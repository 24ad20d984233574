"""The first comparison, but for its trainings: what is planned, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gaugecnn.studies.expectations import missed
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.plan import Plan, PlannedRun
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.specification import Study, load_study
from tests.studies.calls import ROOT

METRIC = {"classification": "accuracy", "segmentation": "miou_foreground"}
AUGMENTED = "cnn, augmented"


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(ROOT / "experiments" / "first_comparison" / "study.yaml")


def planned(study: Study, preset: str) -> Plan:
    return make_plan(study, preset, [], Path("runs"))


def told(run: PlannedRun) -> dict[str, str]:
    """The words of a run by key."""
    return dict(word.split("=", 1) for word in run.overrides)


def test_sizes_of_the_presets(study) -> None:
    mnist, digits = (planned(study, preset).runs for preset in ("mnist", "digits"))
    assert len({run.folder for run in mnist}) == 7 * 2 * 3
    assert len({run.folder for run in digits}) == 6 * 2
    assert {run.factors["network"] for run in mnist} - {
        run.factors["network"] for run in digits
    } == {"cnn, augmented 3x"}
    assert {run.config.data.train_size for run in mnist} == {10000}
    assert {run.config.data.name for run in digits} == {"digits"}
    for run in (*mnist, *digits):
        turned = "augmented" in run.factors["network"]
        assert run.config.data.rotation == ("so3" if turned else "none")
        assert "train.epochs" in told(run)


def test_three_times_the_epochs_and_nothing_else(study) -> None:
    runs = {
        (run.factors["network"], run.config.task, run.config.seed): told(run)
        for run in planned(study, "mnist").runs
    }
    for task in METRIC:
        short, long = (runs[name, task, 0] for name in (AUGMENTED, f"{AUGMENTED} 3x"))
        assert int(long["train.epochs"]) == 3 * int(short["train.epochs"])
        assert {k for k in short if short[k] != long[k]} == {"train.epochs"}
        assert short.keys() == long.keys()


def misses(study: Study, changed: Mapping[tuple[str, str, str], float]) -> list[str]:
    """What is told of numbers where nothing is lost, but for some that are changed."""
    runs = planned(study, "digits")
    numbers = []
    for run in runs.runs:
        for condition in ("unrotated", "rotated"):
            task, network = run.config.task, run.factors["network"]
            value = 95.0 if task == "classification" else 70.0
            value -= 30.0 * (network == AUGMENTED)
            value = changed.get((network, task, condition), value)
            row = {"value": value, "seed": run.config.seed}
            labels = {"metric": METRIC[task], "condition": condition, "test": "as trained"}
            numbers.append(Number(row, {"value": str(value), **labels, **run.factors}))
    return [
        line
        for expected in study.expected
        if "digits" in (expected.presets or ("digits",))
        for line in missed(expected, numbers, runs.factors, "expected")
    ]


def test_what_make_compare_promises(study) -> None:
    assert misses(study, {}) == []
    low = {("cnn", "classification", "unrotated"): 69.0}
    assert misses(study, low) == [
        "networks that saw upright digits learn to name them: cnn, classification: 69, "
        "expected at least 70"
    ]
    # of augmented networks nothing is needed: what they reach in the same seconds is the question
    assert misses(study, {(AUGMENTED, "classification", "unrotated"): 10.0}) == []
    assert misses(study, {("cnn", "classification", "rotated"): 10.0}) == []
    lost = {("s2cnn", "classification", "rotated"): 85.0}
    assert misses(study, lost) == [
        "equivariant networks keep nine tenths when digits turn: s2cnn, classification: 85, "
        "expected at least 0.9 of the 95 of unrotated"
    ]
    learned = {(AUGMENTED, "segmentation", "rotated"): 71.0}
    assert [line.partition(": ")[2] for line in misses(study, learned)] == [
        f"{network}, segmentation: 70, expected at least 1 of the 71 of {AUGMENTED}"
        for network in ("gauge", "s2cnn")
    ]
