"""Seconds per call of several jobs, measured in rounds that interleave them.

What disturbs a machine lasts longer than a round, so that it falls on all jobs alike; ratios are
taken within rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import numpy as np
import torch

WARM_UP_CALLS = 2
SPAN = 0.1
"""Seconds; a job that is done sooner is repeated so often within its turn."""
PRODUCT_SIZE = 2048

clock = time.perf_counter
Job = Callable[[], object]
Key = TypeVar("Key", bound=Hashable)


def interleave(
    jobs: Mapping[Key, Job],
    rounds: int,
    wait: Callable[[], None],
    tell: Callable[[int], None],
) -> dict[Key, list[float]]:
    """Mean seconds per call of every job, one number a round.

    Args:
        jobs: what is timed, in the order of a round; each is called twice beforehand.
        rounds: how often each has its turn.
        wait: returns when the device has finished.
        tell: is called with the number of the round before it begins, from 1.
    """
    calls = {}
    for key, job in jobs.items():
        for _ in range(WARM_UP_CALLS):
            seconds = _time(job, 1, wait)
        calls[key] = max(1, min(1000, int(SPAN / max(seconds, 1e-9))))
    found: dict[Key, list[float]] = {key: [] for key in jobs}
    for i in range(rounds):
        tell(i + 1)
        for key, job in jobs.items():
            found[key].append(_time(job, calls[key], wait))
    return found


def _time(job: Job, calls: int, wait: Callable[[], None]) -> float:
    wait()
    start = clock()
    for _ in range(calls):
        job()
        wait()
    return (clock() - start) / calls


def waiting(device: torch.device) -> Callable[[], None]:
    """The function that returns when the device has finished; a CPU always has."""
    if device.type != "cuda":
        return lambda: None
    return lambda: torch.cuda.synchronize(device)


def reference_product(device: torch.device) -> Job:
    """The product of two 2048 x 2048 matrices in float32: how fast the machine is just now."""
    generator = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, PRODUCT_SIZE, PRODUCT_SIZE, generator=generator).to(device)
    return lambda: a @ b


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile, interpolated."""
    first, median, third = np.percentile(values, [25, 50, 75])
    return float(first), float(median), float(third)


def median_ratio(values: list[float], others: list[float]) -> float:
    """The median over rounds of the ratio within the round."""
    return float(np.median(np.divide(values, others)))
