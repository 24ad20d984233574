"""What a study leaves: ``results.csv``, tables and figures, written only when they change."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from gaugecnn.callables import current_directory_importable
from gaugecnn.files import write_atomically, write_bytes_atomically
from gaugecnn.records.files import csv_text
from gaugecnn.records.results import COLUMNS
from gaugecnn.studies.identity import digest
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.plan import Plan
from gaugecnn.studies.state import is_trained
from gaugecnn.studies.tables import Grid, laid_out, latex, markdown

RESULTS = "results.csv"
PDF: dict[str, Any] = {"CreationDate": None}  # or a file would differ each time it is written


def write_products(
    plan: Plan, numbers: Sequence[Number], folder: Path, text: str, output: Path
) -> list[Grid]:
    """Write the table of numbers, and tables and figures of it; the tables that are not empty.

    Args:
        plan: of the study.
        numbers: all that there are.
        folder: where they go.
        text: of ``study.yaml``.
        output: where it is kept of what the figures were drawn.

    Raises:
        UserError: a table or a figure that cannot be made of the numbers; says its key.
    """
    if not numbers:
        return []
    table = csv_text([{c: number.row[c] for c in COLUMNS} for number in numbers])
    write_if_other(folder / RESULTS, table)  # first: a mistake in a table costs no number
    grids = [laid_out(t, numbers, f"tables[{i}]") for i, t in enumerate(plan.study.tables)]
    for specified, grid in zip(plan.study.tables, grids, strict=True):
        if not grid.rows:  # of another size, or nothing is known yet
            continue
        write_if_other(folder / f"{specified.name}.md", markdown(grid))
        write_if_other(folder / f"{specified.name}.tex", latex(grid))
    if plan.study.figures:
        drawn_of = digest([table, text, _sources(plan)])
        _write_figures(plan, numbers, folder, output / f"figures-{digest(str(folder))}", drawn_of)
    return [grid for grid in grids if grid.rows]


def write_if_other(path: Path, text: str) -> None:
    """Write a text file, unless it is there."""
    if not path.is_file() or path.read_bytes() != text.encode():
        write_atomically(path, lambda file: file.write(text))


def _write_figures(
    plan: Plan, numbers: Sequence[Number], folder: Path, stamp: Path, drawn_of: str
) -> None:
    """Draw what is not drawn yet of these numbers; matplotlib is slow to import."""
    figures = plan.study.figures
    files = [folder / f"{figure.name}{end}" for figure in figures for end in (".png", ".pdf")]
    there = all(file.is_file() for file in (*files, stamp))
    if there and stamp.read_text() == drawn_of:
        return
    from gaugecnn.studies.figures import Answer, draw

    answer = Answer(plan.study, [run for run in plan.runs if is_trained(run.folder)], numbers)
    for i, figure in enumerate(figures):
        canvas = draw(figure, answer, f"figures[{i}]")
        for end, metadata in ((".png", None), (".pdf", PDF)):
            drawn = BytesIO()
            canvas.savefig(drawn, format=end[1:], metadata=metadata)
            write_bytes_atomically(folder / f"{figure.name}{end}", _writer(drawn.getvalue()))
    write_if_other(stamp, drawn_of)


def _writer(content: bytes) -> Callable[[IO[bytes]], object]:
    return lambda file: file.write(content)


def _sources(plan: Plan) -> list[str]:
    """The text of the modules that draw figures of their own."""
    found = []
    with current_directory_importable():
        for figure in plan.study.figures:
            module = (figure.function or "").partition(":")[0]
            try:
                spec = importlib.util.find_spec(module) if module else None
            except (ImportError, ValueError):
                spec = None  # told when it is called
            if spec is not None and spec.origin and Path(spec.origin).is_file():
                found.append(Path(spec.origin).read_text(errors="replace"))
    return found
