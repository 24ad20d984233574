"""The command line: every command, and an example of it.

What is slow to import (torch, Lightning, matplotlib) is imported inside the commands, so that
help comes at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from gaugecnn.commands.audit import audit
from gaugecnn.commands.bench import bench
from gaugecnn.commands.console import OneLineErrors, one_line_warning
from gaugecnn.commands.listing import config, models
from gaugecnn.commands.looking import predict, render
from gaugecnn.commands.report import report
from gaugecnn.commands.study import study
from gaugecnn.commands.training import evaluate, train

EXAMPLES: dict[Callable[..., None], str] = {
    train: "train model=gauge task=segmentation domain.level=3 data.name=mnist data.root=data "
    "output=runs/first",
    evaluate: "evaluate runs/first domain.level=4",
    predict: "predict runs/first three.png many.npy --output predictions",
    render: "render model=gauge data.rotation=so3 --output digit.html",
    audit: "audit model=p4_25k domain.chart=plane domain.size=27",
    models: "models --json",
    config: "config model=s2cnn task=segmentation domain.bandwidth=20",
    bench: "bench models=[cnn_218k,s2cnn_204k,s2cnn_204k:model.max_order=4] batch=1 repeats=10 "
    "output=runs/bench",
    study: "study smoke engine=processes jobs=2",
    report: "report smoke fourfold_invariance output=report.html",
}
"""Of each command, in the order of ``gaugecnn --help``."""

app = typer.Typer(
    cls=OneLineErrors,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Equivariant networks on surfaces: train, test, look at and compare them.",
    epilog="Example: gaugecnn train model=gauge task=segmentation domain.level=3",
)


def main() -> None:
    """The console entry point."""
    warnings.formatwarning = one_line_warning
    app(prog_name="gaugecnn")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gaugecnn {version('gaugecnn')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


for command, example in EXAMPLES.items():
    app.command(epilog=f"Example: gaugecnn {example}")(command)
