"""The command ``gaugecnn report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugecnn.commands.console import pairs
from gaugecnn.errors import UserError
from gaugecnn.files import at_home, check_writable

OUTPUT = "report.html"
END = ".html"
OF_ONE = ("results", "runs")
"""Words that can only be of one study."""
OF_TRAINING = ("engine", "jobs", "threads")
"""Words of ``gaugecnn study`` that say how it trains."""


def report(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME... [KEY=VALUE]...",
            help="Folders of experiments/, or files study.yaml; output=, image=, or of every run.",
        ),
    ],
    preset: Annotated[
        str | None, typer.Option(help="In which size.", show_default="each study's first")
    ] = None,
) -> None:
    """Turn studies into one page that needs no network: tables, curves, surfaces.

    output=FILE.html (default report.html) is the page, of at most 6 MB. Numbers
    are those of the runs in runs=DIR (default runs/studies/NAME), and of a table
    in results=DIR (default beside the runs, or else beside study.yaml, for a
    further preset in a folder of its name there). The test sample image=N (0)
    turns on the surfaces of the networks whose runs are there. Other words say
    what the runs were trained with and where data lie now, as for gaugecnn study.
    Nothing is trained.
    """
    names, words = split(given)
    output = at_home(words.pop("output", "") or OUTPUT)
    if output.suffix != END:
        raise UserError(f"output: expected a file of type {END}, got {output}")
    check_writable(output, "output")
    image = words.pop("image", "0")
    if not image.isdecimal():
        raise UserError(f"image: expected a whole number of at least 0, got {image!r}")
    from gaugecnn.report.writing import write_report

    written = write_report(names, preset, words, output, int(image))
    for line in written.left_out:
        typer.echo(line, err=True)
    typer.echo(f"report: {output} ({written.size / 1e6:.2f} MB)")


def split(given: list[str]) -> tuple[list[str], dict[str, str]]:
    """Names of studies, and words.

    Raises:
        UserError: no name, one that is given twice, a word of one study for several, or one of
            trainings.
    """
    names = [word for word in given if "=" not in word or Path(word).exists()]
    words = pairs([word for word in given if word not in names])
    if not names:
        raise UserError("expected the name of a study, got none")
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"the study {name} is given twice")
    for key in OF_TRAINING:
        if key in words:
            raise UserError(f"{key}={words[key]}: a report trains nothing; give it to study")
    for key in OF_ONE:
        if key in words and len(names) > 1:
            raise UserError(f"{key}={words[key]}: expected one study, got {', '.join(names)}")
    return names, words
