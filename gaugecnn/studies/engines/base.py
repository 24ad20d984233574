"""The one interface of engines: do every item once, and tell what happens."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import StrEnum

from gaugecnn.studies.plan import Item
from gaugecnn.studies.state import failure, settled, write_failure

PAUSE = 1.0
"""Seconds between two looks at runs that another process holds."""


class Happening(StrEnum):
    """What is told of an item: `lost` where its process died and it is begun again."""

    began = "began"
    line = "line"
    lost = "lost"
    done = "done"
    failed = "failed"
    held = "held"


ENDS = (Happening.done, Happening.failed, Happening.held)
"""How an item can end."""

Tell = Callable[[Item, Happening, str], None]
"""Is called with what happens to an item: with a line that it printed, or why it failed; by engines
that have several threads from any of them."""


class Engine(ABC):
    """Does items, some at a time."""

    def run(self, items: Sequence[Item], tell: Tell) -> None:
        """Do every item once; what another process holds is looked at again, until it lets go.

        Args:
            items: what is to be done.
            tell: is called with what happens.
        """
        waiting = list(items)
        while waiting:
            ended = self.attempt(waiting, tell)
            held = [item for item, end in zip(waiting, ended, strict=True) if end is Happening.held]
            if len(held) == len(waiting):
                time.sleep(PAUSE)
            waiting = held

    @abstractmethod
    def attempt(self, items: Sequence[Item], tell: Tell) -> list[Happening]:
        """Try every item once; how each ended.

        Args:
            items: what is to be done.
            tell: is called with what happens; with the end too.

        Returns:
            `done`, `failed` or `held` for each item.
        """


def end_of_dead(item: Item, why: str, details: str) -> tuple[Happening, str]:
    """How an item ended whose process died, and why: a failure, unless it was done before.

    Args:
        item: what was to be done.
        why: in one line.
        details: the last that the process said.
    """
    if settled(item) is None:
        item.folder.mkdir(parents=True, exist_ok=True)
        write_failure(item.folder, why, details)
    end = Happening(str(settled(item)))
    return end, failure(item.folder) if end is Happening.failed else ""
