"""Tables of a study, in Markdown and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from gaugecnn.errors import UserError
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.shown import Published, Table
from gaugecnn.studies.spread import Names, chosen, grouped, names_of

LATEX = {
    **{c: rf"\{c}" for c in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
}
NOTHING = "-"
"""In a cell without a number."""


class Grid(NamedTuple):
    """A table in text.

    Attributes:
        title: above it.
        heading: one text a column.
        rows: texts.
        names: how many columns name the row; they stand on the left.
        published: which of the rows are numbers of others.
    """

    title: str
    heading: list[str]
    rows: list[list[str]]
    names: int
    published: tuple[int, ...] = ()


def laid_out(table: Table, numbers: Sequence[Number], key: str) -> Grid:
    """The cells of a table: of every row and column the mean over seeds, and the range.

    Where fewer seeds have a number than in the rest of the row, the cell says of how many it is.

    Args:
        table: what is asked for.
        numbers: of the study.
        key: where the table is said, for messages.

    Raises:
        UserError: a cell with several numbers of one seed, or numbers
            of others for another count of columns.
    """
    found = chosen(numbers, table.where)
    cells = grouped(found, (*table.rows, *table.columns), key)
    size = len(table.rows)
    rows = list(dict.fromkeys(names[:size] for names in cells))
    columns = list(dict.fromkeys(names[size:] for names in cells))
    lines: list[list[str]] = []
    of_others = []
    for row in rows:
        here = [number for number in found if names_of(number, table.rows) == row]
        texts = [_beside(here, name) for name in table.beside]
        seeds = len({number.labels["seed"] for number in here})
        for column in columns:
            cell = cells.get(row + column)
            texts.append(NOTHING if cell is None else cell.text(table.format, seeds))
        lines.append([*row, *texts])
        for i, published in enumerate(table.published):
            if published.row == row:
                of_others.append(len(lines))
                lines.append(_published(table, published, len(columns), f"{key}.published[{i}]"))
    titles = [", ".join(column) for column in columns]
    heading = [*table.rows, *(name.replace("_", " ") for name in table.beside), *titles]
    return Grid(table.title, heading, lines, size, tuple(of_others))


def _beside(numbers: Sequence[Number], column: str) -> str:
    """What a column says of all numbers of a row: once if it is the same, else the mean."""
    given = list(dict.fromkeys(number.labels[column] for number in numbers))
    try:
        values = [float(value) for value in given]
    except ValueError:
        return ", ".join(given)
    mean = fmean(values)
    return f"{mean:,.0f}" if mean >= 100 or mean.is_integer() else f"{mean:.4g}"


def _published(table: Table, published: Published, columns: int, key: str) -> list[str]:
    if len(published.values) != columns:
        raise UserError(
            f"{key}.values: expected {columns} numbers, one for each column, "
            f"got {len(published.values)}"
        )
    names: Names = (*[""] * (len(table.rows) - 1), table.source)
    values = [NOTHING if v is None else format(v, table.format) for v in published.values]
    return [*names, *[""] * len(table.beside), *values]


def markdown(grid: Grid) -> str:
    """The table in Markdown; names on the left, numbers on the right."""
    rules = ["---" if i < grid.names else "---:" for i in range(len(grid.heading))]
    lines = [[_plain(text) for text in row] for row in (grid.heading, rules, *grid.rows)]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"**{grid.title}**\n\n{body}\n"


def latex(grid: Grid) -> str:
    """The table in LaTeX, without packages."""
    columns = "l" * grid.names + "r" * (len(grid.heading) - grid.names)
    rows = [" & ".join(map(_escaped, row)) + r" \\" for row in grid.rows]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_escaped(grid.title)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\hline",
            " & ".join(map(_escaped, grid.heading)) + r" \\",
            r"\hline",
            *rows,
            r"\hline",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _plain(text: str) -> str:
    return text.replace("|", r"\|")


def _escaped(text: str) -> str:
    return re.sub(r"[&%$#_{}\\~^]", lambda found: LATEX[found[0]], text)
