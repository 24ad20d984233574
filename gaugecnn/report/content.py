"""What a study has found out, as it stands on the page."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from gaugecnn.errors import UserError
from gaugecnn.report.curves import Curves, curves
from gaugecnn.report.scenes import Scene, scenes
from gaugecnn.report.tables import Sortable, provenance, sortable
from gaugecnn.studies.command import Request, StudyRun
from gaugecnn.studies.figures import Answer, draw
from gaugecnn.studies.numbers import Number, training_of
from gaugecnn.studies.plan import PlannedRun
from gaugecnn.studies.products import RESULTS
from gaugecnn.studies.shown import Figure
from gaugecnn.studies.state import is_trained
from gaugecnn.studies.tables import laid_out


class Picture(NamedTuple):
    """A figure that a function of the study's draws.

    Attributes:
        name: of the figure.
        title: above it.
        source: its pixels, as an address that holds them.
        width: in pixels.
        height: in pixels.
    """

    name: str
    title: str
    source: str
    width: int
    height: int


class Content(NamedTuple):
    """A study on the page.

    Attributes:
        name: of the study.
        question: in words.
        extent: how many runs and seeds there are, and how long they took.
        tables: that answer it.
        figures: that answer it.
        scenes: a sample on surfaces.
        provenance: where the numbers come from.
        command: that answers it again.
        left_out: what could not be shown, in sentences.
    """

    name: str
    question: str
    extent: str
    tables: list[Sortable]
    figures: list[Curves | Picture]
    scenes: list[Scene]
    provenance: Sortable
    command: str
    left_out: list[str]


def content(name: str, preset: str | None, words: Mapping[str, str], image: int) -> Content:
    """Bring together what is known of a study.

    Args:
        name: of the study, or its file.
        preset: in which size; None for its first one.
        words: `results`, `runs`, and those of every run.
        image: which test sample is shown.

    Raises:
        UserError: a mistake in the study or in the words, or there are no numbers of it.
    """
    given = {"output" if key == "runs" else key: value for key, value in words.items()}
    asked = StudyRun(Request(name, preset, given))
    results = _results(asked, "results" in given)
    numbers = asked.numbers(results)
    study = asked.study
    try:
        tables = [
            laid_out(table, numbers, f"tables[{i}]")
            for i, table in enumerate(study.tables)
            if asked.plan.may_have(table.where)
        ]
        figures = [
            _shown(asked, figure, numbers, results, i)
            for i, figure in enumerate(study.figures)
            if asked.plan.may_have(figure.where)
        ]
    except UserError as error:
        raise UserError(f"{asked.file}: {error}") from error
    seen, why = scenes(asked.plan.runs, image)
    return Content(
        asked.name,
        study.question,
        _extent(asked.plan.runs, numbers),
        [sortable(grid) for grid in tables],
        figures,
        seen,
        provenance(numbers),
        shlex.join(asked.command(without=("output", "results", "data.root"))),
        [f"{asked.name}: {line}" for line in why],
    )


def _results(asked: StudyRun, given: bool) -> Path:
    """Where the table of numbers is: beside the runs, or else beside the study."""
    if given or (asked.results / RESULTS).is_file():
        return asked.results
    return asked.study.beside(asked.file, asked.preset)


def _extent(runs: Sequence[PlannedRun], numbers: Sequence[Number]) -> str:
    """How much was done for the answer."""
    done: dict[str, float] = {}
    for number in numbers:
        done[training_of(str(number.row["command"]))] = float(number.row["train_seconds"])
    seeds = len({number.labels["seed"] for number in numbers})
    devices = ", ".join(dict.fromkeys(str(number.row["device"]) for number in numbers))
    trained = len({command for command, seconds in done.items() if seconds > 0})
    planned = len({run.folder for run in runs})
    of = f" of {planned}" if trained < planned else ""
    hours = sum(done.values()) / 3600
    spent = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.1f} minutes"
    if not trained:
        return f"{len(numbers):,} numbers on {devices}"
    runs_, seeds_ = _plural(trained, "training"), _plural(seeds, "seed")
    return f"{runs_}{of}, {seeds_}, {spent} of training on {devices}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _shown(
    asked: StudyRun, figure: Figure, numbers: Sequence[Number], results: Path, i: int
) -> Curves | Picture:
    """A figure as curves, or, where a function draws it, as its picture."""
    if figure.function is None:
        return curves(figure, numbers, f"figures[{i}]")
    file = results / f"{figure.name}.png"
    if file.is_file():
        return picture(figure, file.read_bytes(), str(file))
    trained = [run for run in asked.plan.runs if is_trained(run.folder)]
    drawn = BytesIO()
    draw(figure, Answer(asked.study, trained, numbers), f"figures[{i}]").savefig(drawn)
    return picture(figure, drawn.getvalue(), figure.function)


def picture(figure: Figure, pixels: bytes, where: str) -> Picture:
    """A figure's pixels, kept as they are in fewer bytes.

    Args:
        figure: what it is.
        pixels: of an image file.
        where: they come from, for messages.

    Raises:
        UserError: they are no image.
    """
    try:
        image = Image.open(BytesIO(pixels))
        small = BytesIO()
        image.save(small, format="WEBP", lossless=True, exact=True, method=6, quality=100)
    except OSError as error:
        raise UserError(f"{where} is no image: {error}") from error
    code = base64.b64encode(small.getvalue()).decode()
    return Picture(figure.name, figure.title, f"data:image/webp;base64,{code}", *image.size)
