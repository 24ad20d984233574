"""The command ``gaugecnn audit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gaugecnn.commands.console import FAILED, configuration, fail, pairs
from gaugecnn.files import at_home, check_writable


def audit(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN] [KEY=VALUE]...", help="A trained run, or a network."),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Print every layer.")] = False,
    images: Annotated[int, typer.Option(min=0, help="Test samples to look at.")] = 4,
    as_json: Annotated[
        Path | None,
        typer.Option("--json", parser=at_home, metavar="FILE", help="Write every row there."),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(parser=at_home, metavar="FILE.png", help="Draw error against depth."),
    ] = None,
) -> None:
    """Which symmetries a network has, how well, and which layer breaks them.

    Changes of frames, isometries of the points (of those of an icosphere
    three), random, small and infinitesimal rotations of functions. A network
    that is not trained has random biases and statistics. Exits with 1 and
    names the layer where what is predicted exact is not.
    """
    given = words or []
    trained = bool(given) and "=" not in given[0]
    pairs(given[trained:], refused=("model", "task", "output") if trained else ())
    from gaugecnn.audit import command

    for option, file in (("--json", as_json), ("--figure", figure)):
        if file is not None:
            check_writable(file, option)
    chosen = Path(given[0]) if trained else configuration(given)
    found = command.audited(chosen, given[trained:], images, figure)
    Console().print(found.table(layers))
    command.write(found, as_json, figure)
    if found.failures():
        fail(found.blame(), FAILED)
