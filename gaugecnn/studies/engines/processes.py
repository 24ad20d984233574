"""Several runs at a time, each in a process of its own on this machine.

A process is told what to do by its command line (`worker`) and says what happens in lines of JSON.
It ends with this one, however this one ends, because it watches a pipe that only this one holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from gaugecnn.studies.engines.base import Engine, Happening, Tell
from gaugecnn.studies.engines.orders import order_of
from gaugecnn.studies.plan import Item
from gaugecnn.studies.state import CLAIM, failure, settled, write_failure
from gaugecnn.training.file_lock import is_held

WORKER = "gaugecnn.studies.engines.worker"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
ENDS = (Happening.done, Happening.failed, Happening.held)
TAIL = 4000
"""Bytes that are kept of what a process said before it died."""


class ProcessEngine(Engine):
    """Processes of this machine.

    Args:
        jobs: runs at a time.
        threads: of the CPU, for each.
    """

    def __init__(self, jobs: int, threads: int | None = None) -> None:
        self.jobs, self.threads = jobs, threads or 1
        self._slots: SimpleQueue[int] = SimpleQueue()
        for slot in range(jobs):
            self._slots.put(slot)
        self._alive: set[subprocess.Popen[str]] = set()
        self._stopped = threading.Event()

    def attempt(self, items: Sequence[Item], tell: Tell) -> list[Happening]:
        self._stopped.clear()
        pool = ThreadPoolExecutor(self.jobs)
        futures = [pool.submit(self._done, item, tell) for item in items]
        try:
            return [future.result() for future in futures]
        finally:  # after Ctrl-C nothing more is begun, and what is at work ends
            self._stopped.set()
            for future in futures:
                future.cancel()
            for process in list(self._alive):
                process.kill()
            pool.shutdown()

    def _done(self, item: Item, tell: Tell) -> Happening:
        if is_held(item.folder / CLAIM):  # by another study: no process is begun to find that out
            tell(item, Happening.held, "")
            return Happening.held
        tell(item, Happening.began, "")
        slot = self._slots.get()
        try:
            end = self._watched(item, slot, tell)
        finally:
            self._slots.put(slot)
        tell(item, end, failure(item.folder) if end is Happening.failed else "")
        return end

    def _watched(self, item: Item, slot: int, tell: Tell) -> Happening:
        """Begin a process, pass on what it says, and tell how it ended."""
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            with self._begun(item, slot, errors) as process:
                assert process.stdout is not None
                end = None
                for said in process.stdout:
                    what, text = _message(said)
                    if what is Happening.line:
                        tell(item, what, text)
                    elif what in ENDS:
                        end = what
                code = process.wait()
            if self._stopped.is_set():
                return Happening.held
            if end is None and settled(item) is None:
                errors.seek(max(0, errors.seek(0, os.SEEK_END) - TAIL))
                item.folder.mkdir(parents=True, exist_ok=True)
                write_failure(item.folder, _death(code), errors.read())
            return end or Happening(str(settled(item)))

    @contextmanager
    def _begun(self, item: Item, slot: int, errors: IO[str]) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", WORKER, order_of(item, slot)]
        search = [path for path in sys.path if path and Path(path).is_dir()]
        threads = {name: str(self.threads) for name in THREADS}
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # never written to: it closes when this process ends
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for this process, which ends the others
            env={**os.environ, **threads, "PYTHONPATH": os.pathsep.join(search)},
        )
        self._alive.add(process)
        try:
            with process:
                yield process
        finally:
            process.kill()
            self._alive.discard(process)


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
