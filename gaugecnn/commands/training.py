"""The commands ``gaugecnn train`` and ``gaugecnn evaluate``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from gaugecnn.commands.console import (
    FAILED,
    INTERRUPTED,
    Overrides,
    Run,
    configuration,
    fail,
    pairs,
)


def train(overrides: Overrides = None) -> None:
    """Train a network and test it on unrotated and on rotated images.

    model=NAME (default gauge) and task=classification|segmentation|
    regression|field_regression choose the network. The run is written to
    output=DIR, and continued with train.resume=true.
    """
    given = overrides or []
    config = configuration(given)
    from gaugecnn.records.directory import default_output
    from gaugecnn.training.module import DivergenceError
    from gaugecnn.training.run import train as run_training

    try:
        summary = run_training(config)
    except DivergenceError as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        kept = [word for word in given if not word.startswith("train.resume=")]
        again = shlex.join(["gaugecnn", "train", *kept, "train.resume=true"])
        fail(f"interrupted; continue with: {again}", INTERRUPTED)
    print_summary(summary, config.output or default_output(config))


def evaluate(run: Run, overrides: Overrides = None) -> None:
    """Test a trained run, on its own domain or on another; adds to its summary.json."""
    given = overrides or []
    pairs(given, refused=("model", "task", "output", "train.resume"))
    from gaugecnn.training.run import evaluate as run_tests

    print_summary(run_tests(run, given), run)


def print_summary(summary: dict[str, Any], run: Path | str) -> None:
    """Metrics of every test condition, and where the rest is."""
    from lightning.pytorch.utilities import rank_zero_only

    if getattr(rank_zero_only, "rank", 0):
        return
    table = Table("metric", title=f"{summary['model']}, {summary['task']}")
    conditions = summary["test"]
    for condition in conditions:
        table.add_column(condition, justify="right")
    for metric in next(iter(conditions.values()), {}):
        values = [conditions[condition][metric] for condition in conditions]
        table.add_row(metric, *map(_shown, values))
    Console().print(table)
    trained = "unfinished"
    if "train_seconds" in summary:
        trained = f"trained in {summary['train_seconds']:.1f} s ({summary['device']})"
    typer.echo(f"{summary['parameters']:,} parameters, {trained}\nrun: {run}")


def _shown(value: float) -> str:
    """A metric: percentages to two places, small errors to four digits."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.4g}"
