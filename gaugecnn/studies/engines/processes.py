"""Several runs at a time, each in a process of its own on this machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from gaugecnn.records.file_lock import is_held
from gaugecnn.studies.engines.base import Engine, Happening, Tell, end_of_dead
from gaugecnn.studies.engines.child import Child, Surroundings, begun, search_path
from gaugecnn.studies.engines.orders import order_of
from gaugecnn.studies.plan import Item
from gaugecnn.studies.state import CLAIM


class ProcessEngine(Engine):
    """Processes of this machine.

    Args:
        jobs: runs at a time.
        threads: of the CPU, for each.
    """

    def __init__(self, jobs: int, threads: int) -> None:
        self.jobs = jobs
        self._around = Surroundings(threads, os.getcwd(), search_path())
        self._slots: SimpleQueue[int] = SimpleQueue()
        for slot in range(jobs):
            self._slots.put(slot)
        self._alive: set[Child] = set()
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
            for child in list(self._alive):
                child.kill()
            pool.shutdown()

    def _done(self, item: Item, tell: Tell) -> Happening:
        if is_held(item.folder / CLAIM):  # by another study: no process is begun to find that out
            tell(item, Happening.held, "")
            return Happening.held
        tell(item, Happening.began, "")
        slot = self._slots.get()
        try:
            end, why = self._watched(item, slot, tell)
        finally:
            self._slots.put(slot)
        tell(item, end, why)
        return end

    def _watched(self, item: Item, slot: int, tell: Tell) -> tuple[Happening, str]:
        """Begin a process, pass on what it says, and tell how it ended, and why."""
        with begun(order_of(item, slot), self._around) as child:
            self._alive.add(child)
            end, why = Happening.held, ""
            for what, text in child.said():
                if what is Happening.line:
                    tell(item, what, text)
                else:
                    end, why = what, text
            self._alive.discard(child)
            if self._stopped.is_set():
                return Happening.held, ""
            if end is Happening.lost:
                return end_of_dead(item, why, child.last_words())
            return end, why
