"""Which engine does a study: the words that say so, ``engine=`` and those that go with it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gaugecnn.errors import UserError
from gaugecnn.studies.engines.base import Engine
from gaugecnn.typed import nearest

ENGINES = ("local", "processes", "ray", "slurm")
OF_RAY = "ray."
WORDS = ("engine", "jobs", "threads", "ray.address", "ray.gpus")
"""They are no part of any run's configuration."""


@dataclass(frozen=True)
class Choice:
    """An engine that is not begun yet.

    Args:
        name: one of `ENGINES`.
        jobs: runs at a time; None for as many as the engine sees fit.
        threads: of the CPU, for each; None for as many as the engine sees fit.
        address: of a cluster of Ray; None for a Ray of this machine.
        gpus: that Ray gives each run; None for as many as it needs.
    """

    name: str
    jobs: int | None
    threads: int | None
    address: str | None
    gpus: float | None

    @property
    def at_once(self) -> int:
        """Runs at a time, of an engine of this machine; 1 where another machine decides."""
        if self.name == "processes":
            return self.jobs or max(1, os.cpu_count() or 1)
        return self.jobs or 1

    @property
    def threads_beside(self) -> int:
        """Threads of the CPU that a run gets which is not alone: one, if nothing else is said."""
        return self.threads or 1

    @property
    def threads_each(self) -> int | None:
        """Threads of the CPU that a run gets; None for as many as torch takes."""
        return self.threads if self.name == "local" else self.threads_beside

    def engine(self) -> Engine:
        """The engine; what it needs is imported now.

        Raises:
            ImportError: Ray is not installed.
        """
        if self.name == "ray":
            from gaugecnn.studies.engines.on_ray import RayEngine

            return RayEngine(self.address, self.gpus, self.jobs, self.threads_beside)
        if self.name == "processes":
            from gaugecnn.studies.engines.processes import ProcessEngine

            return ProcessEngine(self.at_once, self.threads_beside)
        from gaugecnn.studies.engines.local import LocalEngine

        return LocalEngine(self.threads)


def choose(words: Mapping[str, str]) -> Choice:
    """The engine that words ask for.

    Args:
        words: by their keys, with others among them.

    Raises:
        UserError: a word or a value that there is not, or one of another engine.
    """
    name = words.get("engine", "local")
    if name not in ENGINES:
        raise UserError(f"engine: expected one of {', '.join(ENGINES)}, got {name!r}")
    for key in words:
        if key.startswith(OF_RAY) and key not in WORDS:
            raise UserError(f"unknown key {key!r}{nearest(key, WORDS)}")
        if key.startswith(OF_RAY) and name != "ray":
            raise UserError(f"{key}: is for engine=ray, got engine={name}")
    jobs, threads = _count(words, "jobs"), _count(words, "threads")
    if jobs is not None and name == "local":
        raise UserError("jobs: engine=local does one run at a time; give engine=processes")
    return Choice(name, jobs, threads, _address(words), _gpus(words))


def _count(words: Mapping[str, str], key: str) -> int | None:
    """A number of at least 1, or None where none is given."""
    if key not in words:
        return None
    if not words[key].isdecimal() or int(words[key]) < 1:
        raise UserError(f"{key}: expected a whole number of at least 1, got {words[key]!r}")
    return int(words[key])


def _address(words: Mapping[str, str]) -> str | None:
    given = words.get("ray.address")
    if given is None or given == "auto" or re.fullmatch(r"[^/]+:\d{1,5}", given):
        return given
    raise UserError(f"ray.address: expected auto or HOST:PORT, got {given!r}")


def _gpus(words: Mapping[str, str]) -> float | None:
    """A whole number, or a part of one GPU; None where none is given."""
    if "ray.gpus" not in words:
        return None
    try:
        gpus = float(words["ray.gpus"])
    except ValueError:
        gpus = math.nan
    if not (0 <= gpus <= 1 or (gpus > 1 and gpus.is_integer())):
        raise UserError(
            f"ray.gpus: expected a whole number, or a part of one GPU, got {words['ray.gpus']!r}"
        )
    return gpus
