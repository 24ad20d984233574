"""What a gauge convolution costs, how it grows with the mesh, and how nearly it knows rotations.

Times ``GaugeConv("16x0+16x1+16x2")`` to its own type on the one ring of icospheres in rounds that
interleave it with one dense product, measures the memory of a forward pass in fresh processes and
the error of a block under random rotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from experiments.gauge_cost.compiled import compiled_ratios
from experiments.gauge_cost.memory import forward_memory
from experiments.gauge_cost.rotations import block_errors, icosahedral_error
from experiments.gauge_cost.valence import valence_ratio
from gaugecnn.bench.timing import interleave, median_ratio, quartiles, waiting
from gaugecnn.methods.gauge import GaugeConv
from gaugecnn.ops.allocator import keep_freed_memory
from gaugecnn.surfaces import Icosphere

TYPE = "16x0+16x1+16x2"
BATCH, ASKED_LEVEL = 8, 4
PRODUCT = (20496, 400, 80)  # rows, inner, columns
LEVELS = (2, 3, 4, 5, 6)
BLOCK_LEVELS = (2, 3, 4, 5)


def jobs_of(forward: Any, inputs: list[Tensor]) -> tuple[Any, Any]:
    """A forward pass without gradients, and one with its backward pass."""
    with torch.no_grad():
        gradient = torch.ones_like(forward())

    def alone() -> Tensor:
        with torch.no_grad():
            return forward()

    def both() -> None:
        for tensor in inputs:
            tensor.grad = None
        forward().backward(gradient)

    return alone, both


def timings(device: torch.device, repeats: int) -> dict[tuple[str, int], float]:
    """Milliseconds, and ratios to the dense product, by metric and level (0: the product)."""
    generator = torch.Generator().manual_seed(0)
    rows, inner, columns = PRODUCT
    a = torch.randn(rows, inner, generator=generator).to(device).requires_grad_()
    b = torch.randn(inner, columns, generator=generator).to(device).requires_grad_()
    pairs = {0: jobs_of(lambda: a @ b, [a, b])}
    for level in LEVELS:
        layer = GaugeConv(TYPE, TYPE, Icosphere(level)).to(device)
        x = torch.randn(BATCH, *layer.type_in.shape, generator=generator)
        x = x.to(device).requires_grad_()
        pairs[level] = jobs_of(lambda layer=layer, x=x: layer(x), [x, *layer.parameters()])
    found = {}
    for i, metric in enumerate(("latency", "train_step")):
        jobs = {level: pair[i] for level, pair in pairs.items()}
        seconds = interleave(jobs, repeats, waiting(device), lambda _: None)
        for level, values in seconds.items():
            name = f"{metric}_ms" if level else f"reference_product_{metric}_ms"
            found[name, level] = 1000 * quartiles(values)[1]
            if level:
                found[f"{metric}_ratio", level] = median_ratio(values, seconds[0])
    return found


def errors() -> dict[tuple[str, int], float]:
    """Of blocks under random and under icosahedral rotations, by level."""
    found: dict[tuple[str, int], float] = {}
    for level in BLOCK_LEVELS:
        for name, radius in (("ring", 0.0), ("disc", 0.175)):
            largest, mean = block_errors(level, radius)
            found[f"rotation_error_{name}_max", level] = largest
            found[f"rotation_error_{name}_mean", level] = mean
        found["icosahedral_error", level] = icosahedral_error(level)
    return found


def rows(repeats: int = 15) -> Iterator[dict[str, Any]]:
    """All of it on the CPU, one number a row.

    Args:
        repeats: rounds of timing.
    """
    keep_freed_memory()
    found = timings(torch.device("cpu"), repeats) | errors()
    for level in LEVELS:
        used, feature = forward_memory(level, BATCH, TYPE)
        found["forward_memory_mb", level] = used / 1e6
        found["forward_memory_ratio", level] = used / feature
    for level in (ASKED_LEVEL, ASKED_LEVEL + 1):
        ratio = valence_ratio(level, BATCH, TYPE, repeats)
        found["fixed_valence_over_sparse_ratio", level] = ratio
    ratios = compiled_ratios(ASKED_LEVEL, BATCH, TYPE, repeats)
    found |= {(metric, ASKED_LEVEL): ratio for metric, ratio in ratios.items()}
    for (metric, level), value in found.items():
        yield row(metric, level, value)


def row(metric: str, level: int, value: float) -> dict[str, Any]:
    """A number of the layer on a level, or of the product (level 0)."""
    return {
        "model": f"GaugeConv {TYPE}, one ring" if level else "dense product",
        "test_condition": f"icosphere{level}, batch{BATCH}"
        if level
        else "x".join(map(str, PRODUCT)),
        "metric": metric,
        "value": f"{value:.4g}",
    }
