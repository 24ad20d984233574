"""What is expected of a study's numbers: which misses are told, and that the command fails then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gaugecnn.errors import UserError
from gaugecnn.studies.expectations import missed
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.shown import Expectation
from tests.cli.calls import call, succeed
from tests.studies.calls import CPU


def number(network: str, condition: str, seed: int, value: float, metric: str = "acc") -> Number:
    row = {"value": value, "seed": seed, "model": network, "metric": metric}
    labels = {key: str(found) for key, found in row.items()}
    return Number(row, {**labels, "network": network, "condition": condition, "test": "own"})


NUMBERS = [
    number(name, condition, seed, value + seed)
    for name, unrotated, rotated in (("gauge", 90, 80), ("cnn", 95, 20))
    for condition, value in (("unrotated", unrotated), ("rotated", rotated))
    for seed in (0, 1)
]


def told(numbers: Sequence[Number] = NUMBERS, **options) -> list[str]:
    return list(missed(Expectation("all is well", **options), numbers, ["network"], "expected[0]"))


def test_the_mean_over_seeds_counts() -> None:
    where = {"condition": "unrotated", "metric": "acc"}
    assert told(where=where, at_least=90.5) == []
    assert told(where=where, at_least=90.6) == ["all is well: gauge: 90.5, expected at least 90.6"]
    assert told(where=where, at_most=95.0) == ["all is well: cnn: 95.5, expected at most 95"]
    odd = [number("gauge", "unrotated", 0, float("nan"))]
    assert told(odd, where=where, at_least=0.0, at_most=1.0) == [
        "all is well: gauge: nan, expected at least 0",
        "all is well: gauge: nan, expected at most 1",
    ]


def test_one_number_is_held_against_another() -> None:
    rotated = {"condition": "rotated"}
    assert told(where=rotated, at_least=0.9, of={"condition": "unrotated"}) == [
        "all is well: gauge: 80.5, expected at least 0.9 of the 90.5 of unrotated",
        "all is well: cnn: 20.5, expected at least 0.9 of the 95.5 of unrotated",
    ]
    assert told(where=rotated, at_least=0.2, of={"condition": "unrotated"}) == []
    above = {"where": {"network": "gauge", **rotated}, "of": {"network": "cnn"}}
    assert told(**above, at_least=1.0) == []
    assert told(**above, at_most=1.0) == [
        "all is well: gauge: 80.5, expected at most 1 of the 20.5 of cnn"
    ]


def test_what_is_not_there_yet_is_told() -> None:
    assert told(where={"metric": "loss"}, at_least=1.0) == [
        "all is well: there is no such number yet"
    ]
    assert told(NUMBERS[:2], where={}, at_least=1.0, of={"condition": "rotated"}) == [
        "all is well: gauge: there is no rotated yet to compare it with"
    ]


def test_what_was_not_reached_is_a_miss() -> None:
    """Of a network that is named, or of a seed that was tested, as of those that were."""
    asked = {"where": {"network": ["gauge", "cnn"], "condition": "rotated"}, "at_least": 0.0}
    assert told(**asked) == []
    one = [n for n in NUMBERS if n.labels["network"] == "gauge"]
    assert told(one, **asked) == ["all is well: cnn: there is no such number yet"]
    few = [n for n in NUMBERS if n.labels["condition"] != "rotated" or n.labels["seed"] == "1"]
    assert told(few, **asked) == [
        "all is well: gauge: 1 of 2 seeds have such a number",
        "all is well: cnn: 1 of 2 seeds have such a number",
    ]
    other = [n for n in few if n.labels["condition"] == "rotated"]  # of another test, all seeds
    more = [Number(n.row, {**n.labels, "test": "other"}) for n in NUMBERS]
    assert told([*other, *more], where={**asked["where"], "test": "own"}, at_least=0.0) == []


def test_numbers_of_one_seed_must_be_told_apart() -> None:
    other = Number({**NUMBERS[0].row, "value": 1.0}, {**NUMBERS[0].labels, "value": "1.0"})
    with pytest.raises(UserError, match=r"expected\[0\]: several numbers of one seed"):
        told([*NUMBERS, other], where={}, at_least=0.0)


EXPECTED = "expected: [{name: digits are known, where: {metric: accuracy}, at_least: LIMIT}]"


def test_the_command_fails_when_something_is_missed(written, folder: Path) -> None:
    words = ["output=runs", *CPU]
    assert succeed("study", written(EXPECTED.replace("LIMIT", "0")), *words)
    result = call("study", written(EXPECTED.replace("LIMIT", "101")), *words)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 4  # two networks, unrotated and rotated
    assert all(line.startswith("not as expected: digits are known: ") for line in lines)
    presets = "presets: {small: {}, large: {}}"
    large = EXPECTED.replace("LIMIT", "101").replace("{name", "{presets: [large], name")
    assert call("study", written(presets, large), *words).exit_code == 0
    assert call("study", written(presets, large), "--preset", "large", *words).exit_code == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("expected: [{name: a, where: {}}]", "expected at_least or at_most"),
        (EXPECTED.replace("LIMIT", "much"), "at_least: expected a number"),
        (EXPECTED.replace("LIMIT", "1").replace("metric", "metrik"), "no label 'metrik'"),
        (EXPECTED.replace("LIMIT}", "1, of: {conditio: a}}"), "no label 'conditio'"),
        (EXPECTED.replace("LIMIT}", "1, presets: [big]}"), "presets: no label 'big'"),
    ],
)
def test_a_mistake_is_one_line(written, line: str, message: str) -> None:
    result = call("study", written(line), "output=runs", *CPU)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_beside_the_study_is_found(written, folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    study = written(replace={"model=cnn,": "model=./mine.yaml,"}).rename(elsewhere / "s.yaml")
    plan = succeed("config", "model=cnn")
    (elsewhere / "mine.yaml").write_text(plan)
    said = succeed("study", study, "output=runs", *CPU)
    assert "cnn, seed 0: done" in said
    commands = (folder / "runs" / "results" / "results.csv").read_text()
    assert "model=elsewhere/mine.yaml" in commands
