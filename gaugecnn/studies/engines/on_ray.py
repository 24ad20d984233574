"""Runs on the hosts of a Ray cluster, or on this machine as if it were one.

Every item is one task of Ray, which begins a process for it (`child`) and streams what that says.
What of an item is done, Ray is never asked: its directory tells, as for every other engine. So the
hosts need the file system of the study under the same paths, and nothing is sent to them.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gaugecnn.errors import UserError
from gaugecnn.records.file_lock import is_held
from gaugecnn.studies.devices import several
from gaugecnn.studies.engines.base import ENDS, Engine, Happening, Tell, end_of_dead
from gaugecnn.studies.engines.child import Surroundings, begun, search_path
from gaugecnn.studies.engines.orders import order_of
from gaugecnn.studies.engines.ray_cluster import connected, has_gpus, ray, see_room
from gaugecnn.studies.plan import Item, PlannedRun
from gaugecnn.studies.state import CLAIM

RETRIES = 3
"""How often an item is begun again whose worker, host or process died."""
OURS = "GAUGECNN_"
"""How the names of the variables begin that hosts are told of."""
NO_GPU = (("CUDA_VISIBLE_DEVICES", ""),)
"""Ray itself hides no GPU from a task that asked for none."""

Said = tuple[str, str, str]
"""What happened, in one line; and at the end the last words of a process that died."""


class RayEngine(Engine):
    """Workers of Ray.

    A worker that dies, its host or the process that it began, costs what was done since the last
    checkpoint: the item is begun again after those that wait, up to `RETRIES` times. Then it has
    failed.

    Two studies, on whichever hosts, never do one run at the same time, because the process at work
    locks it (`gaugecnn.records.file_lock`). A lock is the file system's, not the text in the file:
    when a process dies, it is free at once, also for other hosts. When a whole host is lost, it is
    free once the server of the file system gives the host up (NFS 4: its lease, about 90 seconds),
    and until then the run is held, and looked at again. Where locks are not shared between hosts
    (``local_lock`` of NFS, ``localflock`` of Lustre) one study at a time is safe, two are not.

    Args:
        address: ``auto`` or ``HOST:PORT`` of a cluster, which stays as it is; None for a Ray of
            this machine that ends with the study.
        gpus: of each run, or a part of one; None for one where the cluster has some and the run
            is not for the CPU.
        jobs: runs at a time; None for as many as there is room for.
        threads: CPUs of each run.
    """

    def __init__(
        self, address: str | None, gpus: float | None, jobs: int | None, threads: int
    ) -> None:
        self.address, self.gpus, self.jobs, self.threads = address, gpus, jobs, threads
        self._search = search_path()
        self._lost: Counter[Path] = Counter()

    def run(self, items: Sequence[Item], tell: Tell) -> None:
        with connected(self.address, self._search):
            for gpus in sorted({self._gpus(item) for item in items}):
                see_room(self.threads, gpus, own=self.address is None)
            super().run(items, tell)

    def attempt(self, items: Sequence[Item], tell: Tell) -> list[Happening]:
        waiting, ended = deque(items), {}
        at_work: dict[Any, Item] = {}
        try:
            while waiting or at_work:
                while waiting and len(at_work) < (self.jobs or len(items)):
                    item = waiting.popleft()
                    if is_held(item.folder / CLAIM):  # by another study: no task is needed to know
                        ended[item.folder] = Happening.held
                        tell(item, Happening.held, "")
                    else:
                        at_work[self._begun(item)] = item
                if not at_work:
                    continue
                (stream, *_), _ = ray.wait([*at_work], num_returns=1)
                item = at_work.pop(stream)  # and last in the next turn
                what, text = self._judged(item, *_heard(stream))
                if what in ENDS:
                    ended[item.folder] = what
                elif what is Happening.lost:
                    waiting.append(item)
                else:
                    at_work[stream] = item
                tell(item, what, text)
        finally:  # after Ctrl-C
            for stream in at_work:
                ray.cancel(stream, force=True)
        return [ended[item.folder] for item in items]

    def _judged(
        self, item: Item, what: Happening, text: str, details: str
    ) -> tuple[Happening, str]:
        """What happened to an item: what was lost too often has failed."""
        if what is Happening.lost and self._lost[item.folder] < RETRIES:
            self._lost[item.folder] += 1
        elif what is Happening.lost or details:
            return end_of_dead(item, text, details)
        return what, text

    def _begun(self, item: Item) -> Any:
        """The stream of what a task says that Ray was given."""
        gpus = self._gpus(item)
        told = tuple((key, text) for key, text in os.environ.items() if key.startswith(OURS))
        around = Surroundings(
            self.threads, os.getcwd(), self._search, (*told, *(() if gpus else NO_GPU))
        )
        task = ray.remote(
            num_cpus=self.threads,
            num_gpus=gpus,
            num_returns="streaming",
            max_retries=0,  # ours, because those of Ray have no end where memory is short
        )(said)
        return task.options(name=item.name).remote(order_of(item, 0), around)

    def _gpus(self, item: Item) -> float:
        """How many GPUs an item is given.

        Raises:
            UserError: it is for several, and nobody said how many.
        """
        if self.gpus is not None:
            return self.gpus
        config = item.config if isinstance(item, PlannedRun) else None
        if not has_gpus() or (config is not None and config.trainer.get("accelerator") == "cpu"):
            return 0
        if config is not None and several(config):
            raise UserError(
                f"trainer.devices={config.trainer.devices}: engine=ray gives each run one GPU; "
                "say how many it needs with ray.gpus="
            )
        return 1


def said(order: str, around: Surroundings) -> Iterator[Said]:
    """Do an item: what a worker of Ray does.

    Args:
        order: as `orders.order_of` gives it.
        around: what the process finds that is begun for it.
    """
    yield Happening.began.value, "", ""
    with begun(order, around) as child:
        for what, text in child.said():
            yield what.value, text, child.last_words() if what is Happening.lost else ""


def _heard(stream: Any) -> tuple[Happening, str, str]:
    """The next that a task says, or what became of it."""
    try:
        what, text, details = ray.get(next(stream))
        return Happening(what), text, details
    except ray.exceptions.RayTaskError as error:  # it would fail again
        return Happening.failed, str(error.cause), str(error)
    except ray.exceptions.RayError as error:
        return Happening.lost, str(error).partition("\n")[0], str(error)
