"""What the commands share: their words, errors in one line, tables of results."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from gaugecnn.choices import PoseDistribution, choice
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.extras import advice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from omegaconf import DictConfig

USER_ERROR, FAILED, INTERRUPTED = 2, 1, 130
USAGE_ERROR: Any = typer.BadParameter.__base__
"""What Typer raises for a malformed command line; where the class lives depends on its version."""


class OneLineErrors(TyperGroup):
    """Commands whose expected failures are one line on stderr, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            fail(str(error), USER_ERROR)
        except USAGE_ERROR as error:
            seen = error.ctx.command_path if error.ctx else "gaugecnn"
            fail(f"{error.format_message()} See {seen} --help", USER_ERROR)
        except OSError as error:
            if error.filename is None:
                raise
            fail(f"{error.filename}: {error.strerror}", USER_ERROR)
        except ImportError as error:
            if (wanted := advice(error)) is None:
                raise
            fail(f"{ctx.invoked_subcommand} {wanted}", USER_ERROR)
        except KeyboardInterrupt:
            fail("interrupted", INTERRUPTED)


def configuration(overrides: list[str]) -> DictConfig:
    """The configuration of a command's overrides; ``model`` and ``task`` have defaults."""
    given = pairs(overrides)
    from gaugecnn.config import load_config

    model, task = given.pop("model", "gauge"), given.pop("task", "classification")
    return load_config(model, task, [f"{key}={value}" for key, value in given.items()])


def pairs(words: list[str], refused: tuple[str, ...] = ()) -> dict[str, str]:
    """Words ``key=value`` as a dictionary.

    Raises:
        UserError: a word without ``=``, a key given twice, or one that a run has settled.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UserError(f"expected key=value, got {word!r}")
        if key in found:
            raise UserError(f"{key}= is given twice: {found[key]} and {value}")
        if key in refused:
            raise UserError(f"{key}= cannot be given here: the run has settled it")
        found[key] = value
    return found


def pose_distribution(name: str) -> PoseDistribution:
    """The distribution that ``--pose`` names."""
    return choice(PoseDistribution, name, "--pose")


def model_rows(names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the table of models; parameters are counted, and networks are not built for it."""
    from gaugecnn.build import build_domain, count_parameters
    from gaugecnn.config import load_config, model_tasks
    from gaugecnn.registry import methods

    rows, domains = [], {}
    for name in names:
        tasks = model_tasks(name)
        config = load_config(name, tasks[0])
        where = str(config.domain)  # domains that are shared find their coarser levels once
        if where not in domains:
            domains[where] = build_domain(config)
        parameters = {}
        for task in tasks:
            config.task = task
            parameters[task] = count_parameters(config, domains[where])
        rows.append(
            {
                "name": name,
                "method": config.model.method,
                "domain": domains[where].title,
                "tasks": tasks,
                "parameters": parameters,
                "symmetries": methods()[config.model.method].symmetries,
            }
        )
    return rows


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


def one_line_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Our warnings say what the user should know, not where in our code they arose."""
    if issubclass(category, GaugecnnWarning):
        return f"warning: {message}\n"
    return f"{category.__name__}: {message} ({filename}:{lineno})\n"


def fail(message: str, code: int) -> NoReturn:
    """One line on stderr, and the exit code."""
    print("gaugecnn: " + " ".join(message.split()), file=sys.stderr)
    raise typer.Exit(code)
