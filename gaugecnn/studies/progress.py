"""Progress of a study: on a terminal a bar and a line for each run at work, else plain lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from gaugecnn.studies.engines.base import ENDS, Happening, Tell
from gaugecnn.studies.plan import Item

BEGAN = Happening.began
HELD = "for another process; looked at again at the end"


@contextmanager
def shown(total: int, done: int) -> Iterator[Tell]:
    """What an engine is to tell.

    Args:
        total: how many runs the study has.
        done: how many of them were done before.
    """
    if not sys.stdout.isatty():
        yield _lines(total, done)
        return
    console = Console(file=sys.stdout)  # this one: runs in this process have another meanwhile
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed())
    with Progress(
        *columns, console=console, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        yield _bars(progress, progress.add_task("runs", total=total, completed=done))


def _lines(total: int, done: int) -> Tell:
    """One line for each beginning and each end."""
    out, count, lock = sys.stdout, [done], Lock()

    def tell(item: Item, what: Happening, text: str) -> None:
        with lock:
            if what is BEGAN:
                print(f"{item.name}: begun", file=out, flush=True)
            elif what is Happening.held:
                print(f"{item.name}: {HELD}", file=out, flush=True)
            elif what is Happening.lost:
                print(f"{item.name}: lost ({text}); begun again", file=out, flush=True)
            elif what in ENDS:
                count[0] += 1
                why = f" ({text})" if text else ""
                line = f"{item.name}: {what}{why}, {count[0]} of {total}"
                print(line, file=out, flush=True)

    return tell


def _bars(progress: Progress, whole: TaskID) -> Tell:
    """A bar of all runs, and below it what each of those at work said last."""
    lines: dict[Path, TaskID] = {}

    def tell(item: Item, what: Happening, text: str) -> None:
        if what is BEGAN:
            lines[item.folder] = progress.add_task(item.name, total=None)
        elif what is Happening.line and item.folder in lines:
            progress.update(lines[item.folder], description=f"{item.name}: {text[:80]}")
        elif what in (*ENDS, Happening.lost):
            if item.folder in lines:
                progress.remove_task(lines.pop(item.folder))
            if what in (Happening.done, Happening.failed):
                progress.advance(whole)
            if what is Happening.failed:
                progress.console.print(f"[bold red]failed[/] {item.name}: {text}", highlight=False)

    return tell
