"""The plan of a study: its runs, each with its configuration and its directory, and measures."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from gaugecnn.errors import UserError
from gaugecnn.studies.specification import Measure, Study, Test
from gaugecnn.studies.where import (
    OWN_TEST,
    Overrides,
    Where,
    alternatives,
    fits,
    values_of,
)
from gaugecnn.typed import nearest

SEED = "seed"
PLACES = (
    *("data.root", "data.download", "trainer.accelerator", "trainer.devices"),
    *("trainer.num_nodes", "trainer.strategy"),
)
"""Overrides that a test takes over from the run: where things are."""


@dataclass(frozen=True)
class PlannedRun:
    """A training, and the tests that follow it.

    Args:
        factors: the alternative of each factor, and the seed.
        overrides: the configuration, as on the command line.
        config: the same, resolved.
        folder: its directory.
        tests: beside the run's own.
    """

    factors: Mapping[str, str]
    overrides: Overrides
    config: DictConfig
    folder: Path
    tests: tuple[Test, ...]

    @property
    def name(self) -> str:
        """For people: its alternatives and its seed."""
        named = [given for factor, given in self.factors.items() if factor != SEED]
        return ", ".join([*named, f"seed {self.config.seed}"])

    @property
    def command(self) -> str:
        """The overrides that train it again; where data lie is the reader's own."""
        told = [word for word in self.overrides if word.partition("=")[0] not in PLACES]
        root = any(word.startswith("data.root=") for word in self.overrides)
        return shlex.join(["gaugecnn", "train", *told, *(["data.root=DIR"] if root else [])])

    @property
    def places(self) -> Overrides:
        """Where its data lie, and on what it is done: what a test takes over."""
        return tuple(word for word in self.overrides if word.partition("=")[0] in PLACES)


@dataclass(frozen=True)
class PlannedMeasure:
    """What is measured without a training.

    Args:
        measure: what.
        folder: its directory.
        places: where data lie.
    """

    measure: Measure
    folder: Path
    places: Overrides = ()

    @property
    def name(self) -> str:
        """For people."""
        return self.measure.name


Item = PlannedRun | PlannedMeasure


@dataclass(frozen=True)
class Plan:
    """All that a study asks for.

    Args:
        study: the question.
        runs: trainings, in the order of their numbers; two may share a directory, where a factor
            makes no difference.
        measures: what is no training.
    """

    study: Study
    runs: tuple[PlannedRun, ...]
    measures: tuple[PlannedMeasure, ...]

    @property
    def factors(self) -> list[str]:
        """What is varied, beside the seed."""
        return list(dict.fromkeys(f for run in self.runs for f in run.factors if f != SEED))

    def may_have(self, where: Where | tuple[Where, ...]) -> bool:
        """Whether this size has a test, or a measure, of which such numbers are."""
        tests = {test.name for run in self.runs for test in run.tests}
        tests |= {d.name for d in self.study.differences if d.test in tests}
        tests |= {m.name for m in self.measures} | ({OWN_TEST} if self.runs else set())
        return any(
            tests.intersection(values_of(w.get("test", [*tests]))) for w in alternatives(where)
        )

    @property
    def items(self) -> list[Item]:
        """What is to be done, each once."""
        every: list[Item] = [*self.runs, *self.measures]
        return list({item.folder: item for item in reversed(every)}.values())[::-1]


def selected(items: Sequence[Item], only: Sequence[str], names: Sequence[str]) -> list[Item]:
    """Those of some alternatives, or of some directories.

    Args:
        items: all.
        only: ``FACTOR=ALTERNATIVE``; of one factor any may fit, of several all must.
        names: directories; none for any.

    Raises:
        UserError: something that none of them has.
    """
    runs = [item for item in items if isinstance(item, PlannedRun)]
    where: dict[str, list[str]] = {}
    for word in only:
        factor, _, given = word.partition("=")
        known = {run.factors[factor] for run in runs if factor in run.factors}
        if given not in known:
            there = ", ".join(sorted({f"{f}={a}" for run in runs for f, a in run.factors.items()}))
            raise UserError(f"--only {word}: expected some of {there}{nearest(given, known)}")
        where.setdefault(factor, []).append(given)
    for name in names:
        if name not in [item.folder.name for item in items]:
            raise UserError(f"--run {name}: the study has no run of this name")
    kept: list[Item] = [run for run in runs if fits(run.factors, where)] if where else list(items)
    return [item for item in kept if not names or item.folder.name in names]
