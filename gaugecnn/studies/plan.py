"""From a study to the list of its runs, each with its configuration and its directory."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeVar

from omegaconf import DictConfig

from gaugecnn.config import load_config
from gaugecnn.errors import UserError
from gaugecnn.studies.identity import measure_name, run_name
from gaugecnn.studies.specification import Measure, Preset, Study, Test
from gaugecnn.studies.where import Overrides, check_factors, fits
from gaugecnn.typed import nearest

SEED = "seed"
PLACES = (
    *("data.root", "data.download", "trainer.accelerator", "trainer.devices"),
    *("trainer.num_nodes", "trainer.strategy"),
)
"""Overrides that a test takes over from the run: where things are."""
MEASURES = "measures"
Part = TypeVar("Part", Test, Measure)


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

    @property
    def items(self) -> list[Item]:
        """What is to be done, each once."""
        every: list[Item] = [*self.runs, *self.measures]
        return list({item.folder: item for item in reversed(every)}.values())[::-1]


def make_plan(study: Study, preset: str | None, overrides: Sequence[str], output: Path) -> Plan:
    """The runs of a study.

    Args:
        study: the question.
        preset: in which size; None for the first one.
        overrides: for every run, over all others.
        output: where the directories of the runs are.

    Raises:
        UserError: an unknown preset, an alternative that is not there, or a run that cannot be.
    """
    chosen = _preset(study, preset)
    every = _alternatives(study, study.presets.values())
    check_factors(chosen.only, every, "preset.only")
    for key, also in (("also", study.also), ("preset.also", chosen.also)):
        for i, part in enumerate(also):
            check_factors(part.where, every, f"{key}[{i}].where")
    for i, where in enumerate(study.exclude):
        check_factors(where, every, f"exclude[{i}]")
    for i, test in enumerate(study.tests):
        check_factors(test.where, every, f"tests[{i}].where")
    grid = _alternatives(study, [chosen])
    grid |= {f: {name: grid[f][name] for name in names} for f, names in chosen.only.items()}
    tests = _of_size(study.tests, study, preset)
    runs = tuple(
        _planned(study, chosen, tests, grid, factors, seed, overrides, output)
        for factors, seed in _rows(study, chosen, grid)
    )
    places = tuple(word for word in overrides if word.partition("=")[0] in PLACES)
    measures = tuple(
        PlannedMeasure(m, output / MEASURES / measure_name(m.name, m.function, m.options), places)
        for m in _of_size(study.measures, study, preset)
    )
    if not runs and not measures:
        raise UserError("the study has neither a run nor a measure: see grid, seeds and exclude")
    return Plan(study, runs, measures)


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


def _preset(study: Study, name: str | None) -> Preset:
    if name is None:
        return next(iter(study.presets.values()), Preset())
    if name not in study.presets:
        there = ", ".join(study.presets) or "none"
        raise UserError(
            f"unknown preset {name!r}; there are: {there}{nearest(name, study.presets)}"
        )
    return study.presets[name]


def _of_size(parts: Sequence[Part], study: Study, preset: str | None) -> list[Part]:
    """The tests or measures of a size."""
    name = preset or study.first
    return [part for part in parts if not part.presets or name in part.presets]


def _alternatives(study: Study, presets: Iterable[Preset]) -> dict[str, dict[str, Overrides]]:
    """The alternatives of each factor, with those that presets add."""
    grid = {factor: {**alternatives} for factor, alternatives in study.grid.items()}
    for preset in presets:
        for factor, alternatives in preset.grid.items():
            grid.setdefault(factor, {}).update(alternatives)
    for factor, alternatives in grid.items():
        if not alternatives or factor == SEED:
            raise UserError(f"grid.{factor}: expected alternatives, by names; seeds are in `seeds`")
    return grid


def _rows(
    study: Study, preset: Preset, grid: Mapping[str, Mapping[str, Overrides]]
) -> Iterator[tuple[dict[str, str], int]]:
    """The alternatives of every run, seed by seed."""
    if not grid and not study.words and not preset.words:
        return
    seeds = study.seeds if preset.seeds is None else preset.seeds
    for seed in seeds:
        for names in product(*grid.values()):
            factors = {**dict(zip(grid, names, strict=True)), SEED: str(seed)}
            if not any(fits(factors, where) for where in study.exclude):
                yield factors, seed


def _planned(
    study: Study,
    preset: Preset,
    every: Sequence[Test],
    grid: Mapping[str, Mapping[str, Overrides]],
    factors: dict[str, str],
    seed: int,
    more: Sequence[str],
    output: Path,
) -> PlannedRun:
    """One run; what is said later holds."""
    said = [*study.words]
    for factor, alternatives in grid.items():
        said += alternatives[factors[factor]]
    said += [word for part in study.also if fits(factors, part.where) for word in part.words]
    said += preset.words
    said += [word for part in preset.also if fits(factors, part.where) for word in part.words]
    said += [f"{key}={seed}" for key in study.seed_keys]
    overrides = _last([*said, *more])
    given = {word.partition("=")[0]: word.partition("=")[2] for word in overrides}
    where = ", ".join(f"{factor} {name}" for factor, name in factors.items())
    if "model" not in given:
        raise UserError(f"{where}: no model; give model=NAME among the words of the study")
    for key in ("output", "train.resume", "trainer.fast_dev_run"):
        if key in given:
            raise UserError(f"{where}: {key} cannot be given: the study says it")
    rest = [word for word in overrides if not word.startswith(("model=", "task="))]
    try:
        config = load_config(given["model"], given.get("task", "classification"), rest)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    chosen = [f"model={given['model']}", f"task={config.task}"]
    tests = tuple(test for test in every if fits(factors, test.where))
    folder = Path(os.path.abspath(output)) / run_name(config)
    return PlannedRun(factors, (*chosen, *rest), config, folder, tests)


def _last(overrides: Sequence[str]) -> list[str]:
    """Each key once, as it was said last."""
    last = {word.partition("=")[0]: i for i, word in enumerate(overrides)}
    return [word for i, word in enumerate(overrides) if last[word.partition("=")[0]] == i]
