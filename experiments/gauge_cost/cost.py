"""What a gauge convolution costs, how it grows with the mesh, and how nearly it knows rotations.

Times ``GaugeConv("16x0+16x1+16x2")`` to its own type on the one ring of icospheres in rounds that
interleave it with one dense product, measures the memory of a forward pass in fresh processes and
the error of a block under random rotations, prints what was asked beside what was measured, and
writes ``results.csv``.

    python experiments/gauge_cost/cost.py              # about four minutes on two cores
    python experiments/gauge_cost/cost.py --device cuda
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from compiled import compiled_ratios
from memory import forward_memory
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rotations import block_errors, icosahedral_error
from torch import Tensor
from valence import valence_ratio

from gaugecnn.bench.timing import interleave, median_ratio, quartiles, waiting
from gaugecnn.methods.gauge import GaugeConv
from gaugecnn.ops.allocator import keep_freed_memory
from gaugecnn.surfaces import Icosphere
from gaugecnn.training.files import write_csv
from gaugecnn.training.provenance import commit, device_name
from gaugecnn.training.results import Result

TYPE = "16x0+16x1+16x2"
BATCH, ASKED_LEVEL = 8, 4
PRODUCT = (20496, 400, 80)  # rows, inner, columns
LEVELS = (2, 3, 4, 5, 6)
BLOCK_LEVELS = (2, 3, 4, 5)

# (metric, level, at most) on two CPU cores
LIMITS = [
    ("latency_ratio", ASKED_LEVEL, 3.5),
    ("train_step_ratio", ASKED_LEVEL, 3.5),
    ("forward_memory_ratio", ASKED_LEVEL, 10.0),
    *(("icosahedral_error", level, 1e-5) for level in BLOCK_LEVELS),
]


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
    for level in track(BLOCK_LEVELS, "rotations", transient=True):
        for name, radius in (("ring", 0.0), ("disc", 0.175)):
            largest, mean = block_errors(level, radius)
            found[f"rotation_error_{name}_max", level] = largest
            found[f"rotation_error_{name}_mean", level] = mean
        found["icosahedral_error", level] = icosahedral_error(level)
    return found


def print_claims(found: dict[tuple[str, int], float], console: Console) -> bool:
    """What was asked beside what was measured; whether all of it holds."""
    table = Table("metric", title="asked and measured", title_justify="left")
    for name in ("level", "at most", "measured"):
        table.add_column(name, justify="right")
    checks = [(m, level, limit, found[m, level]) for m, level, limit in LIMITS]
    for name in ("ring_mean", "ring_max", "disc_mean", "disc_max"):
        metric = f"rotation_error_{name}"  # halved edges, at most half the error
        for coarse, fine in pairwise(BLOCK_LEVELS):
            checks.append((metric, fine, found[metric, coarse] / 2, found[metric, fine]))
    missed = 0
    for metric, level, limit, value in checks:
        missed += value > limit
        style = "red" if value > limit else ""
        table.add_row(metric, str(level), f"{limit:.3g}", f"{value:.3g}", style=style)
    console.print(table)
    return not missed


def main() -> int:
    """Measure, print, write; 1 when something asked for is missed on a CPU."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results.csv")
    args = parser.parse_args()
    keep_freed_memory()
    device = torch.device(args.device)
    found = timings(device, args.repeats) | errors()
    if device.type == "cpu":
        for level in LEVELS:
            used, feature = forward_memory(level, BATCH, TYPE)
            found["forward_memory_mb", level] = used / 1e6
            found["forward_memory_ratio", level] = used / feature
        for level in (ASKED_LEVEL, ASKED_LEVEL + 1):
            ratio = valence_ratio(level, BATCH, TYPE, args.repeats)
            found["fixed_valence_over_sparse_ratio", level] = ratio
        ratios = compiled_ratios(ASKED_LEVEL, BATCH, TYPE, args.repeats)
        found |= {(metric, ASKED_LEVEL): ratio for metric, ratio in ratios.items()}
    code, words = commit(), "python experiments/gauge_cost/cost.py"
    product = "x".join(map(str, PRODUCT))
    rows = [
        Result(
            model=f"GaugeConv {TYPE}, one ring" if level else "dense product",
            test_condition=f"icosphere{level}, batch{BATCH}" if level else product,
            metric=metric,
            value=f"{value:.4g}",
            device=device_name(device),
            dtype="float32",
            commit=code,
            command=words if device.type == "cpu" else f"{words} --device cuda",
        ).row()
        for (metric, level), value in found.items()
    ]
    console = Console()
    holds = print_claims(found, console) if device.type == "cpu" else True
    write_csv(args.results, rows)
    console.print(f"{len(rows)} numbers in {args.results.name}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
