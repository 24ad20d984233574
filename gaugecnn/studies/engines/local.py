"""Runs one after another, in this process."""

from __future__ import annotations

from collections.abc import Sequence

from gaugecnn.errors import UserError
from gaugecnn.studies.devices import several
from gaugecnn.studies.engines.base import Engine, Happening, Tell
from gaugecnn.studies.plan import Item, PlannedRun
from gaugecnn.studies.state import failure


class LocalEngine(Engine):
    """This process.

    Args:
        threads: of the CPU; None for as many as torch takes.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads

    def attempt(self, items: Sequence[Item], tell: Tell) -> list[Happening]:
        _check(items)
        import torch

        from gaugecnn.studies.work import work

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        ended = []
        for item in items:
            tell(item, Happening.began, "")

            def line(text: str, item: Item = item) -> None:
                tell(item, Happening.line, text)

            end = Happening(work(item, line).value)
            tell(item, end, failure(item.folder) if end is Happening.failed else "")
            ended.append(end)
        return ended


def _check(items: Sequence[Item]) -> None:
    """Refuse a run on several devices: Lightning would begin this whole command once for each.

    Raises:
        UserError: there is one.
    """
    for item in items:
        if isinstance(item, PlannedRun) and several(item.config):
            raise UserError(
                f"trainer.devices={item.config.trainer.devices}: engine=local does runs on one "
                "device; give engine=processes"
            )
