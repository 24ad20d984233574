"""YAML whose names are those that were typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugecnn.errors import UserError
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.specification import load_study
from gaugecnn.studies.yaml_file import read_yaml

NAMES = ["1", "yes", "010", "1.50", "null", "2024-01-01", "1e3", "on"]
"""YAML reads these as 1, true, 8, a number, nothing, a day, text and true."""


@pytest.fixture
def file(tmp_path: Path):
    def written(text: str) -> Path:
        path = tmp_path / "study.yaml"
        path.write_text(text)
        return path

    return written


def test_names_are_text_and_values_what_yaml_takes_them_for(file) -> None:
    path = file("".join(f"{name}: {i}\n" for i, name in enumerate(NAMES)) + "deep: {no: no}\n")
    named = {name: i for i, name in enumerate(NAMES)}
    assert read_yaml(path) == {**named, "deep": {"no": False}}


def test_no_alternative_is_lost(file) -> None:
    alternatives = ", ".join(f"{name}: [seed={i}]" for i, name in enumerate(NAMES))
    study = load_study(
        file(f"question: a\nseed_keys: []\nwords: [model=cnn]\ngrid: {{a: {{{alternatives}}}}}\n")
    )
    runs = make_plan(study, None, [], Path("runs")).runs
    assert [run.factors["a"] for run in runs] == NAMES


def test_what_an_anchor_brings_may_be_given_again(file) -> None:
    assert read_yaml(file("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n"))["b"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("question: a\nseeds: [0]\nseeds: [1]\n", "'seeds' is given twice, in lines 2 and 3"),
        (
            "question: a\ngrid:\n  a:\n    b: []\n    b: []\n",
            "'b' is given twice, in lines 4 and 5",
        ),
        ("question: a\nseeds: [0, 1, 0]\n", "seeds: expected each once, got 0 again"),
        ("question: a\npresets: {a: {seeds: [2, 2]}}\n", "presets.a.seeds: expected each once"),
        ("question: &a [*a]\n", "an anchor of YAML holds itself"),
        ("? [a, b]\n: 3\n", "not valid YAML: .* unhashable key"),
        ("question: [\n", "not valid YAML"),
    ],
)
def test_what_says_something_twice_or_nothing_is_refused(file, text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        load_study(file(text))
