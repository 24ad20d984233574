"""How consistent is a discrete gauge kernel, and what does a network lose where it is not?

1. `operators`: anisotropy and error of the stencils against degree, radius, level and surface.
2. `trained`: the accuracy that a network trained on upright digits loses when they are turned.

    python experiments/stencil_consistency/consistency.py               # both
    python experiments/stencil_consistency/consistency.py --operators   # the first alone

Trainings that are in the folder of runs are not trained again. Writes ``results.csv`` and
``figure.png``; with --operators it only prints.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from figure import draw, losses, number
from kernels import KERNELS
from operators import operator_rows
from rich.console import Console
from rich.table import Table
from trained import train_rows

from gaugecnn.records.files import write_csv

HERE = Path(__file__).parent
COLUMNS = {
    "icosphere3": ("icosphere3, harmonic 6", 1),
    "icosphere4": ("icosphere4, harmonic 6", 1),
    "icosphere5": ("icosphere5, harmonic 6", 1),
    "icosphere4, order 2": ("icosphere4, harmonic 6", 2),
    "3 edges": ("icosphere4, waves of 3 edges", 1),
    "3 edges, order 2": ("icosphere4, waves of 3 edges", 2),
    "ellipsoid": ("ellipsoid, wavelength 2", 1),
    "torus": ("torus, wavelength 2", 1),
    "genus2": ("genus2, wavelength 2", 1),
    "hemisphere": ("hemisphere, wavelength 2", 1),
}


def print_table(rows: list[dict[str, Any]], console: Console) -> None:
    """Anisotropy of every kernel in percent, and what a network loses with it."""
    table = Table(title="anisotropy in %, of order 1 if not said, and points of accuracy lost")
    table.add_column("kernel")
    for name in (*COLUMNS, "lost"):
        table.add_column(name, justify="right")
    lost = losses(rows)
    for kernel in KERNELS:
        found = [
            number(rows, kernel.name, condition, f"anisotropy_order{order}")
            for condition, order in COLUMNS.values()
        ]
        points = "  ".join(f"{value:.1f}" for value in lost.get(kernel.name, []))
        table.add_row(kernel.name, *(f"{100 * x:.2g}" for x in found), points)
    console.print(table)


def main() -> int:
    """Measure, train, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/stencil_consistency"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--operators", action="store_true", help="no training, no files")
    parser.add_argument("--results", type=Path, default=HERE)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    console = Console(width=max(Console().width, 140))
    start = time.perf_counter()
    rows = list(operator_rows())
    console.print(f"operators: {time.perf_counter() - start:.0f} s")
    if not args.operators:
        rows += train_rows(args.runs, args.seeds, console)
    print_table(rows, console)
    if not args.operators:
        write_csv(args.results / "results.csv", rows)
        draw(rows, args.results / "figure.png")
        console.print(f"{len(rows)} numbers in results.csv; figure.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
