"""A process of its own for one item of a study: begun, listened to, and ended with this one.

It is told what to do by its command line (`worker`) and says what happens in lines of JSON. However
this process ends, so does the other, because it watches a pipe that only this one holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gaugecnn.studies.engines.base import ENDS, Happening

WORKER = "gaugecnn.studies.engines.worker"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
TAIL = 4000
"""Bytes that are kept of what a process said before it died."""


@dataclass(frozen=True)
class Surroundings:
    """What a process finds around it, beside the environment of this one.

    Args:
        threads: of the CPU.
        folder: in which it is.
        search: where Python looks for modules.
        variables: of the environment.
    """

    threads: int
    folder: str
    search: Sequence[str]
    variables: Sequence[tuple[str, str]] = ()

    def environment(self) -> dict[str, str]:
        """All variables."""
        own = {name: str(self.threads) for name in THREADS}
        search = {"PYTHONPATH": os.pathsep.join(self.search)}
        return {**os.environ, **own, **search, **dict(self.variables)}


def search_path() -> list[str]:
    """Where this process looks for modules."""
    return [os.path.abspath(path) for path in sys.path if path and Path(path).is_dir()]


class Child:
    """A process that is at work.

    Args:
        process: with pipes to it and from it.
        errors: the file that it writes its errors to.
    """

    def __init__(self, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self._process, self._errors = process, errors

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def said(self) -> Iterator[tuple[Happening, str]]:
        """What it says, while it is at work: the last of it is how the item ended.

        One that dies before it says so says `Happening.lost`, and why.
        """
        assert self._process.stdout is not None
        ended = False
        for line in self._process.stdout:
            what, text = _message(line)
            if what is not None:
                ended = ended or what in ENDS
                yield what, text
        code = self._process.wait()
        if not ended:
            yield Happening.lost, _death(code)

    def last_words(self) -> str:
        """The end of its errors."""
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - TAIL))
        return self._errors.read()


@contextmanager
def begun(order: str, around: Surroundings) -> Iterator[Child]:
    """A process that does what an order says; it ends at the end of the context, if not before.

    Args:
        order: as `orders.order_of` gives it.
        around: what it finds.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", WORKER, order],
            stdin=subprocess.PIPE,  # never written to: it closes when this process ends
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for this process, which ends the others
            env=around.environment(),
            cwd=around.folder,
        )
        with process:
            try:
                yield Child(process, errors)
            finally:
                process.kill()


def _message(said: str) -> tuple[Happening | None, str]:
    """What a process said; libraries may print lines of their own in between."""
    try:
        message = json.loads(said)
        return Happening(message["what"]), str(message["text"])
    except (ValueError, KeyError, TypeError):
        return None, ""


def _death(code: int) -> str:
    """Why a process ended that did not say so."""
    if code >= 0:
        return f"its process ended with code {code}"
    memory = "; is there memory enough?" if code == -9 else ""
    return f"its process was ended by signal {-code}{memory}"
