"""What the commands share: their words, and errors in one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from gaugecnn.choices import PoseDistribution, choice
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.extras import advice

if TYPE_CHECKING:
    from omegaconf import DictConfig

USER_ERROR, FAILED, INTERRUPTED = 2, 1, 130
USAGE_ERROR: Any = typer.BadParameter.__base__
"""What Typer raises for a malformed command line; where the class lives depends on its version."""

Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Configuration, such as domain.level=3."),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a trained run.")]


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
