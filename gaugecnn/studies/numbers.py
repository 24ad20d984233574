"""The numbers of a study: rows of ``results.csv``, each with labels by which it is found."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaugecnn.records.files import read_summary
from gaugecnn.records.names import own_name
from gaugecnn.records.results import Result, read_results, rows_of_run
from gaugecnn.studies.plan import Plan, PlannedMeasure, PlannedRun
from gaugecnn.studies.shown import Columns
from gaugecnn.studies.state import ROWS, is_trained, read_rows, test_file
from gaugecnn.studies.where import OWN_TEST

COMMENT = "  # "
"""Between a command and the test that a number is of."""


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
    rows = read_results(earlier)
    for row in rows:
        kept.setdefault(_words(row["command"]), []).append(row)
    found: list[Number] = []
    known: set[Path] = set()  # the runs that have numbers
    for run in plan.runs:
        if is_trained(run.folder):
            of_run = list(_of_run(run, plan.study.columns))
        else:
            of_run = [_number(r, run, _test_of(r)) for r in kept.get(_words(run.command), [])]
        if of_run:
            known.add(run.folder)
        found += of_run
    for measure in plan.measures:
        found += _of_measure(measure, _measuring(measure, name), kept)
    for difference in plan.study.differences:
        from gaugecnn.studies.paired import paired_rows  # numpy, for studies that compare

        for pair, found_row in paired_rows(plan, difference, rows, known, output):
            whole = Result(**{"command": f"gaugecnn study {name}", **found_row}).row()
            found.append(Number(whole, {**_labels(whole, difference.name), **pair.others}))
    return found


def unplanned(plan: Plan, name: str, earlier: Path) -> set[frozenset[str]]:
    """What an earlier table has numbers of that are of no run and no measure of the plan.

    Args:
        plan: of the study.
        name: of the study.
        earlier: the table.

    Returns:
        The words of each command.
    """
    planned = {_words(run.command) for run in plan.runs}
    planned |= {_words(_measuring(measure, name)) for measure in plan.measures}
    planned.add(_words(f"gaugecnn study {name}"))  # of differences
    return {_words(row["command"]) for row in read_results(earlier)} - planned


def _measuring(measure: PlannedMeasure, name: str) -> str:
    return f"gaugecnn study {name} --run {measure.folder.name}"


def _words(command: str) -> frozenset[str]:
    """The words of a command, but for where its data lie, and which test is meant."""
    words = shlex.split(training_of(command))
    return frozenset(word for word in words if not word.startswith("data.root="))


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
    for test in run.tests:
        blank = _blank(summary, model, _told(run.command, test.name), rotation)
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
    """Whether a test was added by `evaluate`: on another surface, or with other overrides.

    Args:
        condition: the name of the test in the summary.
        own: what is before the names of the run's own tests (`own_name`).
        surfaces: those beside the run's own.
    """
    rest = condition.removeprefix(f"{own}/") if own else condition
    words = rest.partition("/")[0].split(",") if "/" in rest else []
    return any("=" in word or word in surfaces for word in words)


def training_of(command: str) -> str:
    """The command of a number without the test that it is of: what is the same for one training."""
    return command.partition(COMMENT)[0]


def _told(command: str, test: str) -> str:
    """A command, and in a comment of the shell which test of the run a number is of."""
    return f"{command}{COMMENT}{test}"


def _test_of(row: Mapping[str, str]) -> str:
    """The label `test` of a row of an earlier table."""
    return row["command"].partition(COMMENT)[2] or OWN_TEST


def _labels(row: Mapping[str, Any], test: str) -> dict[str, str]:
    condition = str(row["test_condition"]).rpartition("/")[2]
    return {**{key: str(value) for key, value in row.items()}, "test": test, "condition": condition}
