"""The numbers of a study: rows of ``results.csv``, each with labels by which it is found."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaugecnn.data.field_collection import FRAMED
from gaugecnn.studies.plan import Plan, PlannedMeasure, PlannedRun
from gaugecnn.studies.shown import Columns
from gaugecnn.studies.state import ROWS, is_trained, read_rows, test_file
from gaugecnn.training.files import read_csv, read_summary
from gaugecnn.training.names import own_name
from gaugecnn.training.results import Result, rows_of_run

OWN_TEST = "as trained"
"""The label `test` of a run's own tests."""
OWN_CONDITIONS = ("unrotated", "rotated", *FRAMED)
"""What a run's own tests are called."""


@dataclass(frozen=True)
class Number:
    """One number of the study.

    Args:
        row: of ``results.csv``.
        labels: by which it is found: the columns as text, the alternative of each factor, `test`
            (the name of the test or the measure) and `condition` (the last part of
            `test_condition`).
    """

    row: Mapping[str, Any]
    labels: Mapping[str, str]

    @property
    def value(self) -> float:
        """The number itself."""
        return float(self.row["value"])


def numbers_of(plan: Plan, name: str, earlier: Path, output: Path) -> list[Number]:
    """All that there is, in the order of the plan.

    A run or a measure that is not there keeps the rows that an earlier table has of it, told by
    their command.

    Args:
        plan: of the study.
        name: of the study.
        earlier: the table.
        output: of the study's runs.
    """
    kept: dict[frozenset[str], list[dict[str, str]]] = {}
    rows = read_csv(earlier)
    for row in rows:
        kept.setdefault(_words(row.get("command", "")), []).append(row)
    found: list[Number] = []
    for run in plan.runs:
        if is_trained(run.folder):
            found += _of_run(run, plan.study.columns)
        else:
            found += [
                _number(row, run, _test_of(row, run)) for row in kept.get(_words(run.command), [])
            ]
    for measure in plan.measures:
        found += _of_measure(measure, f"gaugecnn study {name} --run {measure.folder.name}", kept)
    for difference in plan.study.differences:
        from gaugecnn.studies.paired import paired_rows  # numpy, for studies that compare

        for pair, found_row in paired_rows(plan, difference, rows, output):
            whole = Result(**{"command": f"gaugecnn study {name}", **found_row}).row()
            found.append(Number(whole, {**_labels(whole, difference.name), **pair.others}))
    return found


def _words(command: str) -> frozenset[str]:
    """The words of a command, but for where its data lie."""
    return frozenset(word for word in shlex.split(command) if not word.startswith("data.root="))


def _of_run(run: PlannedRun, columns: Columns) -> Iterator[Number]:
    """The rows of a run's own tests, then those of the tests beside them."""
    summary = read_summary(run.folder)
    own, elsewhere = ",".join(own_name(run.config)), list(summary.get("surfaces", {}))[1:]
    tests = {c: f for c, f in summary["test"].items() if not _further(c, own, elsewhere)}
    model = ", ".join(given for factor, given in run.factors.items() if factor != "seed")
    model = (columns.model or "").format_map(run.factors) or model or run.config.model.name
    rotation = (columns.train_rotation or "").format_map(run.factors)
    rotation = rotation or str(run.config.data.rotation)
    rows = rows_of_run({**summary, "test": tests}, model, run.command, rotation)
    yield from (_number(row, run, OWN_TEST) for row in rows)
    blank = _blank(summary, model, run.command, rotation)
    for test in run.tests:
        for row in read_rows(test_file(run.folder, test)):
            yield _number({**blank, **row}, run, test.name)


def _blank(summary: Mapping[str, Any], model: str, command: str, rotation: str) -> dict[str, Any]:
    """The columns of a run, without a number."""
    (row,) = rows_of_run({**summary, "test": {"-": {"-": 0.0}}}, model, command, rotation)
    return row


def _of_measure(
    measure: PlannedMeasure,
    command: str,
    kept: Mapping[frozenset[str], Sequence[Mapping[str, Any]]],
) -> Iterator[Number]:
    """The rows of a measure; where it was not made here, those of an earlier table."""
    made = read_rows(measure.folder / ROWS)
    for row in made or kept.get(_words(command), []):
        whole = row if not made else Result(**{**row, "command": command}).row()
        yield Number(whole, _labels(whole, measure.name))


def _number(row: Mapping[str, Any], run: PlannedRun, test: str) -> Number:
    return Number(row, {**_labels(row, test), **run.factors})


def _further(condition: str, own: str, surfaces: Collection[str]) -> bool:
    """Whether a test was added by `evaluate`: on another surface, or with other words.

    Args:
        condition: the name of the test in the summary.
        own: what is before the names of the run's own tests (`own_name`).
        surfaces: those beside the run's own.
    """
    rest = condition.removeprefix(f"{own}/") if own else condition
    words = rest.partition("/")[0].split(",") if "/" in rest else []
    return any("=" in word or word in surfaces for word in words)


def _test_of(row: Mapping[str, str], run: PlannedRun) -> str:
    """The label `test` of a row of an earlier table, which does not name tests.

    Tests with words are known by these, one by a function where it is the only one of the run.
    """
    own = ",".join(own_name(run.config))
    condition = row["test_condition"]
    words = condition.rpartition("/")[0]
    for test in run.tests:
        if test.words and words == ",".join(test.words):
            return test.name
    if _further(condition, own, ()):
        return words
    functions = [test.name for test in run.tests if test.function]
    if condition.removeprefix(f"{own}/") not in OWN_CONDITIONS and len(functions) == 1:
        return functions[0]
    return OWN_TEST


def _labels(row: Mapping[str, Any], test: str) -> dict[str, str]:
    condition = str(row["test_condition"]).rpartition("/")[2]
    return {**{key: str(value) for key, value in row.items()}, "test": test, "condition": condition}
