"""What networks cost: latency, step of training, setup and memory, side by side in one process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gaugecnn.bench import benchmark


def rows(
    models: Sequence[str], task: str, batch: int, repeats: int = 15
) -> Iterator[dict[str, Any]]:
    """The rows of ``gaugecnn bench``; ratios are to the first model.

    Args:
        models: names, or ``NAME:key=value+key=value``.
        task: of the networks.
        batch: signals at once.
        repeats: rounds, each of all networks.
    """
    for row in benchmark(models, task=task, batch=batch, repeats=repeats):
        yield {key: value for key, value in row.items() if key not in ("batch", "threads")}
