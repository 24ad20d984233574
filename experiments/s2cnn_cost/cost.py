"""What the published S2CNNs cost beside a CNN of equal size, and whether their layers are exact.

Times the networks in interleaved rounds of one process, measures setup and memory in fresh ones,
compares each layer with its slow sums; and what keeping freed memory is worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from experiments.s2cnn_cost.allocator import allocator_rows
from experiments.s2cnn_cost.exactness import exactness_rows
from gaugecnn.bench import benchmark

OURS = "s2cnn_204k:model.grid=gauss_legendre+model.nonlinearity=product+model.sampling="
"""The plan of `s2cnn_204k` on our grids: as coarse as the cut-offs, or as products need."""
SEGMENTERS = (
    *("cnn_218k", "s2cnn_204k", "s2cnn_204k:model.max_order=4"),
    *(f"{OURS}1", f"{OURS}null", f"{OURS}null+model.max_order=4", f"{OURS}null+model.max_order=2"),
)
CLASSIFIER = "s2cnn_150k"
EXACT = 1e-5


def rows(repeats: int = 15) -> Iterator[dict[str, Any]]:
    """All of it on the CPU, one number a row.

    Args:
        repeats: rounds of timing.
    """
    found = benchmark(SEGMENTERS, task="segmentation", batch=1, repeats=repeats)
    found += benchmark([CLASSIFIER], task="classification", batch=32, repeats=repeats)
    for row in found:
        yield {key: value for key, value in row.items() if key not in ("batch", "threads")}
    yield from exactness_rows("cpu")
    yield from allocator_rows()
