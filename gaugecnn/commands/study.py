"""The command ``gaugecnn study``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugecnn.commands.console import FAILED, INTERRUPTED, fail, pairs
from gaugecnn.errors import UserError
from gaugecnn.files import at_home


def study(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A folder of experiments/, or a study.yaml.")
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="engine=, jobs=, or of every run."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="In which size.", show_default="the study's first")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the runs and how long they will take.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Do no run; write the answer of those there are.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="FACTOR=ALTERNATIVE", help="Do only these; seed=0 too."),
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option(metavar="DIRECTORY", help="Do only the run of this name.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed.")
    ] = False,
    adopt: Annotated[
        Path | None,
        typer.Option(
            parser=at_home, metavar="DIR", help="Take in finished runs from there, by links."
        ),
    ] = None,
) -> None:
    """Answer a question: do the runs that are missing, write numbers and figures.

    engine=local (this process), processes (jobs=N at a time), ray (this
    machine, or ray.address=auto|HOST:PORT; ray.gpus=N for each run) or slurm
    (writes a script); threads=N for each run; output=DIR for the runs (default
    runs/studies/NAME), results=DIR for results.csv, tables and figures. Other
    words are laid over every run. What is done is not done again, what was
    begun goes on, what failed is kept until --retry-failed.
    """
    given = pairs(words or [])
    asked_for = {"--dry-run": dry_run, "--report": report, "--adopt": adopt is not None}
    if len(several := [option for option, wanted in asked_for.items() if wanted]) > 1:
        raise UserError(f"expected one of {', '.join(asked_for)}, got {' and '.join(several)}")
    from gaugecnn.studies.command import Request, StudyRun, print_table

    asked = StudyRun(Request(name, preset, given, only or [], run or [], retry_failed))
    asked.check_places()
    if adopt is not None:
        from gaugecnn.studies.adopt import adopt as taken_in

        for found, planned in taken_in(adopt, asked.items):
            typer.echo(f"{planned.name}: {found}")
        return
    if dry_run:
        print_table(asked.told(estimated=True))
        return
    if asked.choice.name == "slurm":
        script = asked.write_script()
        typer.echo("nothing is missing" if script is None else f"submit with: sbatch {script}")
        return
    try:
        if not report:
            asked.run()
    except KeyboardInterrupt:
        fail("interrupted; the same command continues", INTERRUPTED)
    missing = asked.write()
    typer.echo(f"runs: {asked.output}\nanswer: {asked.results}")
    failures = asked.failures()
    for line in missing:
        typer.echo(f"not as expected: {line}", err=True)
    for line in failures:
        typer.echo(f"failed: {line}", err=True)
    if failures:
        fail(f"{len(failures)} of {len(asked.items)} failed; try again: --retry-failed", FAILED)
    if missing:
        raise typer.Exit(FAILED)
