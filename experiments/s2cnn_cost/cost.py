"""What do the published S2CNNs cost beside a CNN of equal size, and are their layers exact?

Times the networks in interleaved rounds of one process, measures setup and memory in fresh ones,
compares each layer with its slow sums, prints what was asked beside what was measured, and writes
``results.csv``; on a CPU also what keeping freed memory is worth.

    python experiments/s2cnn_cost/cost.py                   # a few minutes on two cores
    python experiments/s2cnn_cost/cost.py --device cuda
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from allocator import allocator_rows
from exactness import exactness_rows
from rich.console import Console
from rich.table import Table

from gaugecnn.bench import benchmark
from gaugecnn.training.files import write_csv

OURS = "s2cnn_204k:model.grid=gauss_legendre+model.nonlinearity=product+model.sampling="
"""The plan of `s2cnn_204k` on our grids: as coarse as the cut-offs, or as products need."""
SEGMENTERS = (
    *("cnn_218k", "s2cnn_204k", "s2cnn_204k:model.max_order=4"),
    *(f"{OURS}1", f"{OURS}null", f"{OURS}null+model.max_order=4", f"{OURS}null+model.max_order=2"),
)
FULL, SPIN, COARSE, EXACT_GRIDS = SEGMENTERS[1:5]
CLASSIFIER = "s2cnn_150k"
COLUMNS_OF_BENCH = ("batch", "threads")

# (model, metric, at most) on two CPU cores
LIMITS = [
    (FULL, "latency_ratio", 7.0),
    (FULL, "train_step_ratio", 11.0),
    (COARSE, "latency_ratio", 4.0),
    (COARSE, "train_step_ratio", 7.0),
    (EXACT_GRIDS, "latency_ratio", 4.0),
    (EXACT_GRIDS, "train_step_ratio", 7.0),
    (FULL, "setup_s", 20.0),
    (FULL, "peak_memory_mb", 2500.0),
    (SPIN, "latency_ratio", 4.0),
    (CLASSIFIER, "latency_per_product", 0.35),
    (CLASSIFIER, "train_step_per_product", 1.2),
]
EXACT = 1e-5


def print_claims(rows: list[dict[str, Any]], console: Console) -> bool:
    """What was asked beside what was measured; whether all of it holds."""
    values = {(r["model"], r["metric"]): float(r["value"]) for r in rows if r["dtype"] == "float32"}
    limits = [*LIMITS, *((m, k, EXACT) for m, k in values if k.endswith("_error"))]
    table = Table("model", "metric", title="asked and measured", title_justify="left")
    for name in ("at most", "measured"):
        table.add_column(name, justify="right")
    missed = 0
    for model, metric, limit in limits:
        value = values[model, metric]
        missed += value > limit
        style = "red" if value > limit else ""
        table.add_row(model, metric, f"{limit:g}", f"{value:.3g}", style=style)
    console.print(table)
    return not missed


def main() -> int:
    """Measure, print, write; 1 when something asked for is missed on a CPU."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results.csv")
    args = parser.parse_args()
    console = Console()
    options = {"repeats": args.repeats, "device": args.device}
    rows = benchmark(SEGMENTERS, task="segmentation", batch=1, **options)
    rows += benchmark([CLASSIFIER], task="classification", batch=32, **options)
    others = exactness_rows(args.device) + (allocator_rows() if args.device == "cpu" else [])
    rows += [{**row, **dict.fromkeys(COLUMNS_OF_BENCH, "-")} for row in others]
    holds = print_claims(rows, console)
    write_csv(args.results, rows)
    console.print(f"{len(rows)} numbers in {args.results.name}")
    return 0 if holds or args.device != "cpu" else 1


if __name__ == "__main__":
    sys.exit(main())
