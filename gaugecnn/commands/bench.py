"""The command ``gaugecnn bench``."""

from __future__ import annotations

import typer
from rich.console import Console

from gaugecnn.commands.console import Overrides, pairs


def bench(overrides: Overrides = None) -> None:
    """Measure networks side by side: latency, training step, setup, memory.

    models=[NAME,NAME:key=value+key=value,...] names them, with overrides of
    their own; further overrides model.*, domain.*, seed= are for all. batch= (1),
    repeats= (10 rounds), task=, device=auto|cpu|cuda, and compile=true to
    measure torch.compile too (some networks take many minutes to compile).
    Results are written to output=DIR or FILE.csv (default runs/bench).
    """
    given = pairs(overrides or [])
    output = given.pop("output", "") or "runs/bench"
    from gaugecnn.bench import measure
    from gaugecnn.bench.plan import plan_from_words
    from gaugecnn.bench.progress import shown
    from gaugecnn.bench.report import reasons, results_file, table, write_results
    from gaugecnn.bench.run import steps

    plan = plan_from_words(given)
    file = results_file(output)
    with shown(steps(plan)) as tell:
        measured = measure(plan, tell)
    Console().print(table(measured))
    typer.echo("".join(f"{line}\n" for line in reasons(measured)), nl=False)
    write_results(measured, file)
    typer.echo(f"results: {file}")
