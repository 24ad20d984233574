"""A bar on the terminal for work that may take long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Step = TypeVar("Step")


def tracked(steps: Sequence[Step], title: str) -> Iterator[Step]:
    """The steps one by one, with a bar where there are several and somebody sees it."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    unseen = not console.is_terminal or len(steps) < 2
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True, disable=unseen
    ) as bar:
        yield from bar.track(steps, description=title)
