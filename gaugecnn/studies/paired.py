"""Differences between two networks on the same test images, with a bootstrap interval.

Images are drawn with replacement, the same for both networks and all seeds (Efron & Tibshirani
1993, chapter 13): what both find hard moves both, and the interval is that of the difference alone.
It says how much depends on which images were tested; the range of a table, how much on seeds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gaugecnn.records.files import read_summary, write_json
from gaugecnn.studies.confusions import IMAGES, Score, read_matrices
from gaugecnn.studies.identity import digest
from gaugecnn.studies.plan import SEED, Plan, PlannedRun
from gaugecnn.studies.shown import Difference
from gaugecnn.studies.state import test_file
from gaugecnn.studies.where import fits

DRAWINGS = 2000
CONFIDENCE = 0.95
TOGETHER = 200
"""Drawings of images that are made at once, to bound memory."""
METRICS = ("difference", "difference_low", "difference_high")


class Interval(NamedTuple):
    """A difference, and where it lies with a probability of `CONFIDENCE`, in percent points."""

    value: float
    low: float
    high: float


class Pair(NamedTuple):
    """Runs that are compared: one of each alternative for every seed.

    Attributes:
        others: the alternatives of the other factors.
        first: by seed.
        second: by seed, in the same order.
    """

    others: dict[str, str]
    first: list[PlannedRun]
    second: list[PlannedRun]


def pairs(plan: Plan, difference: Difference) -> list[Pair]:
    """The runs that a difference compares, for every combination of the other factors."""
    by_rest: dict[tuple[tuple[str, str], ...], dict[str, list[PlannedRun]]] = {}
    for run in plan.runs:
        rest = {f: a for f, a in run.factors.items() if f not in (difference.factor, SEED)}
        if fits(rest, difference.where):
            group = by_rest.setdefault(tuple(rest.items()), {})
            group.setdefault(run.factors[difference.factor], []).append(run)
    return [
        Pair(dict(rest), group[difference.of], group[difference.minus])
        for rest, group in by_rest.items()
        if difference.of in group and difference.minus in group
    ]


def paired_rows(
    plan: Plan,
    difference: Difference,
    kept: Sequence[Mapping[str, str]],
    known: Collection[Path],
    output: Path,
) -> Iterator[tuple[Pair, Mapping[str, Any]]]:
    """The rows of a difference, with the runs that are compared.

    Args:
        plan: of the study.
        difference: what is compared.
        kept: rows of an earlier table, for pairs of which a run is gone or not scored.
        known: directories of the runs that have numbers; kept is only what all runs of a pair have,
            since a table may be of trainings of another size.
        output: where intervals are kept, which take a second each.
    """
    (test,) = [test for test in plan.study.tests if test.name == difference.test]
    for pair in pairs(plan, difference):
        scored = [test_file(run.folder, test) for run in (*pair.first, *pair.second)]
        there = all(file.is_file() for file in scored)
        if not there and any(run.folder not in known for run in (*pair.first, *pair.second)):
            continue
        for condition in difference.conditions:
            row = _row(difference, pair, condition)
            if not there:
                yield from ((pair, old) for old in kept if _is_of(old, row))
                continue
            told = [condition, *((str(file.parent), file.stat().st_mtime_ns) for file in scored)]
            path = output / "differences" / f"{digest(told)}.json"
            if not path.is_file():
                write_json(path, _interval(pair, condition))
            values = json.loads(path.read_text())
            summary = read_summary(pair.first[0].folder)
            provenance = {key: summary[key] for key in ("train_size", "device", "dtype", "commit")}
            for metric, value in zip(METRICS, values, strict=True):
                yield pair, {**row, **provenance, "metric": metric, "value": f"{value:.4f}"}


def _row(difference: Difference, pair: Pair, condition: str) -> dict[str, Any]:
    """The columns of ``results.csv`` by which a difference is known."""
    return {
        "model": f"{difference.of} minus {difference.minus}",
        "task": pair.first[0].config.task,
        "test_condition": "/".join([*pair.others.values(), condition]),
    }


def _is_of(old: Mapping[str, str], row: Mapping[str, Any]) -> bool:
    return old["metric"] in METRICS and all(old[column] == value for column, value in row.items())


def _interval(pair: Pair, condition: str) -> Interval:
    first, second = (
        [read_matrices(run.folder / IMAGES, condition, run.config.task) for run in runs]
        for runs in (pair.first, pair.second)
    )
    return interval([m for m, _ in first], [m for m, _ in second], first[0][1])


def interval(first: Sequence[Tensor], second: Sequence[Tensor], score: Score) -> Interval:
    """The difference of the means over seeds, and its percentile interval.

    Args:
        first: by seed, what each image adds ``(image, true class, predicted class)``.
        second: of what is subtracted; the same images, in the same order.
        score: what a sum of them says.
    """
    images = len(first[0])
    whole = torch.ones(1, images, dtype=torch.float64)
    random = np.random.default_rng(0)
    found = [float(_differences(first, second, score, whole))]
    for start in range(0, DRAWINGS, TOGETHER):
        count = min(TOGETHER, DRAWINGS - start)
        drawn = random.multinomial(images, np.full(images, 1 / images), size=count)
        found += _differences(first, second, score, torch.from_numpy(drawn).double()).tolist()
    edge = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(found[1:], [edge, 100 - edge])
    return Interval(found[0], float(low), float(high))


def _differences(
    first: Sequence[Tensor], second: Sequence[Tensor], score: Score, drawn: Tensor
) -> Tensor:
    """For drawings ``(drawing, image)``, how often each image was drawn, ``(drawing,)``."""
    means = [
        torch.stack([score.mains(torch.tensordot(drawn, seed, 1)) for seed in seeds]).mean(0)
        for seeds in (first, second)
    ]
    return means[0] - means[1]
