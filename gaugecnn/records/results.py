"""The table of results: one number a row, with all that is needed to run it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from gaugecnn.errors import UserError
from gaugecnn.records.files import read_csv


@dataclass(frozen=True, kw_only=True)
class Result:
    """A row of ``results.csv``; the fields are its columns, in their order.

    Args:
        model: the network, or what else was measured.
        task: ``classification`` or ``segmentation``.
        seed: of the weights.
        train_rotation: the poses seen in training.
        train_size: how many images were trained on.
        test_condition: what it was tested on.
        metric: what was measured; a unit is part of its name.
        value: the number, or its digits where they are to be cut.
        parameters: how many the network has.
        train_seconds: how long it was trained.
        device: where it ran.
        dtype: in which precision.
        commit: of the code.
        command: the words that run it again.
    """

    model: str
    task: str = "-"
    seed: int = 0
    train_rotation: str = "-"
    train_size: int = 0
    test_condition: str
    metric: str
    value: float | str
    parameters: int = 0
    train_seconds: float = 0
    device: str
    dtype: str
    commit: str
    command: str

    def row(self) -> dict[str, Any]:
        """Values by column."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Result))
"""Of ``results.csv``, in their order."""


def read_results(path: Path) -> list[dict[str, str]]:
    """The rows of a ``results.csv``, or none where there is no file.

    Raises:
        UserError: it is another table, or a damaged one; names the row.
    """
    rows = read_csv(path)
    for i, row in enumerate(rows, 1):
        try:
            _check(row)
        except ValueError as error:
            raise UserError(f"{path} is no table of results: row {i}: {error}") from error
    return rows


def _check(row: Mapping[str, str | None]) -> None:
    for column in COLUMNS:
        if row.get(column) is None:
            raise ValueError(f"there is no {column}")
    for column in ("value", "parameters", "train_seconds"):
        try:
            float(row[column] or "")
        except ValueError:
            raise ValueError(f"{column}: expected a number, got {row[column]!r}") from None
    try:
        shlex.split(row["command"] or "")
    except ValueError as error:
        raise ValueError(f"command: {error}") from None


def rows_of_run(
    summary: Mapping[str, Any], model: str, command: str, train_rotation: str = "none"
) -> list[dict[str, Any]]:
    """The tests of a run, from its ``summary.json``.

    Args:
        summary: what the run left.
        model: its name in the table.
        command: the words that run it again.
        train_rotation: the poses seen in training.
    """
    known = ("task", "seed", "train_size", "parameters", "train_seconds")
    provenance = ("device", "dtype", "commit")
    return [
        Result(
            model=model,
            train_rotation=train_rotation,
            test_condition=condition,
            metric=metric,
            value=f"{value:.4f}",
            command=command,
            **{key: summary[key] for key in (*known, *provenance)},
        ).row()
        for condition, metrics in summary["test"].items()
        for metric, value in metrics.items()
    ]
