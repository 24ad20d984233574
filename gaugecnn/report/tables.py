"""Tables that can be sorted: every cell with the number by which it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gaugecnn.studies.numbers import Number, training_of
from gaugecnn.studies.tables import Grid

PROVENANCE = ("model", "task", "train_rotation", "seed", "train_size", "parameters")
PROVENANCE_LAST = ("train_seconds", "device", "dtype", "commit")
"""Columns of ``results.csv`` that say where numbers come from."""
COMMAND = "command"
COMMIT = 10
"""Digits of a commit that are shown."""


class Cell(NamedTuple):
    """A cell.

    Attributes:
        text: what it shows.
        value: by which it is sorted; None for text.
    """

    text: str
    value: float | None


class Row(NamedTuple):
    """A row.

    Attributes:
        cells: in the order of the columns.
        source: whose numbers they are; None for those of the study.
    """

    cells: list[Cell]
    source: str | None = None


class Sortable(NamedTuple):
    """A table.

    Attributes:
        title: above it.
        heading: a text for each column.
        rows: its rows.
        names: how many columns, on the left, name the row.
    """

    title: str
    heading: list[str]
    rows: list[Row]
    names: int


def sortable(grid: Grid) -> Sortable:
    """A table of a study; rows of others carry the names of the row that they belong to."""
    rows: list[Row] = []
    own: list[Cell] = []
    for i, texts in enumerate(grid.rows):
        names = [Cell(text, number(text)) for text in texts[: grid.names]]
        values = [Cell(text, leading(text)) for text in texts[grid.names :]]
        if i in grid.published:
            rows.append(Row([*own, *values], texts[grid.names - 1]))
        else:
            own = names
            rows.append(Row([*names, *values]))
    return Sortable(grid.title, [h.replace("_", " ") for h in grid.heading], rows, grid.names)


def provenance(numbers: Sequence[Number]) -> Sortable:
    """Where the numbers come from: a row for each training or measure."""
    columns = (*PROVENANCE, *PROVENANCE_LAST, COMMAND)
    told = [
        {
            **{column: str(n.row[column]) for column in columns},
            COMMAND: training_of(str(n.row[COMMAND])),
        }
        for n in numbers
    ]
    rows = {tuple(row.values()): row for row in told}
    lines = []
    for row in rows.values():
        texts = {**row, "commit": row["commit"][:COMMIT]}
        lines.append(Row([Cell(text, number(text)) for text in texts.values()]))
    return Sortable("", [column.replace("_", " ") for column in columns], lines, 1)


def leading(text: str) -> float | None:
    """The number with which a cell begins: its mean, before the range."""
    return number(text.partition(" ")[0].removesuffix("%"))


def number(text: str) -> float | None:
    """The number that a text is, None for others."""
    try:
        found = float(text.replace(",", ""))
    except ValueError:
        return None
    return found if math.isfinite(found) else None
