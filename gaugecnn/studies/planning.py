"""From a study to the list of its runs: what the file says, alternative by alternative."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TypeVar

from gaugecnn.config import load_config
from gaugecnn.errors import UserError
from gaugecnn.studies.identity import measure_name, run_name
from gaugecnn.studies.plan import PLACES, SEED, Plan, PlannedMeasure, PlannedRun
from gaugecnn.studies.specification import Measure, Preset, Study, Test
from gaugecnn.studies.where import Overrides, check_factors, fits
from gaugecnn.typed import nearest

MEASURES = "measures"
Part = TypeVar("Part", Test, Measure)


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
    every = grid_of(study, study.presets.values())
    check_factors(chosen.only, every, "preset.only")
    for key, also in (("also", study.also), ("preset.also", chosen.also)):
        for i, part in enumerate(also):
            check_factors(part.where, every, f"{key}[{i}].where")
    for i, where in enumerate(study.exclude):
        check_factors(where, every, f"exclude[{i}]")
    for i, test in enumerate(study.tests):
        check_factors(test.where, every, f"tests[{i}].where")
    grid = grid_of(study, [chosen])
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


def grid_of(study: Study, presets: Iterable[Preset]) -> dict[str, dict[str, Overrides]]:
    """The alternatives of each factor, with those that presets add.

    Raises:
        UserError: a factor without any, or of a name that means something else.
    """
    grid = {factor: {**named} for factor, named in study.grid.items()}
    for preset in presets:
        for factor, named in preset.grid.items():
            grid.setdefault(factor, {}).update(named)
    for factor, named in grid.items():
        if not named or factor == SEED:
            raise UserError(f"grid.{factor}: expected alternatives, by names; seeds are in `seeds`")
    return grid


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
    for factor, named in grid.items():
        said += named[factors[factor]]
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
