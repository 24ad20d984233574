"""Progress of a benchmark: a bar on a terminal, one line a step elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from gaugecnn.training.progress import on_terminal

Tell = Callable[[str], None]
"""Is called with what is done next, before each step."""


def silent(text: str) -> None:
    """Tell nobody."""


@contextmanager
def shown(steps: int) -> Iterator[Tell]:
    """A function that shows what is done next, one of so many steps."""
    if not on_terminal():
        yield lambda text: print(text, flush=True)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task, done = bar.add_task("", total=steps), count()
        yield lambda text: bar.update(task, description=text, completed=next(done))
