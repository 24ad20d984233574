"""How well does a small S2CNN, trained on unrotated digits, classify rotated ones?

Trains each run of the study, tests it on all unrotated and rotated images, and writes
``results.csv``, and ``summary.json`` of the best.

    python experiments/s2cnn_mnist/mnist.py --root DIR    # MNIST in DIR: two hours of one core

Runs that are there already are not trained again; one that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from shutil import copyfile

from rich.console import Console
from rich.table import Table

from gaugecnn.training.files import write_csv
from gaugecnn.training.results import rows_of_run

HERE = Path(__file__).parent
COMMON = ("model=s2cnn_100k", "task=classification", "train=long", "data.name=mnist")
RUNS = {"long": ("train.epochs=10", "data.validation_size=5000")}
BEST = "long"


def train(name: str, root: str, output: Path) -> None:
    """One run in a process of its own, as on the command line."""
    words = [*COMMON, *RUNS[name], f"data.root={root}", f"output={output / name}"]
    subprocess.run(
        [sys.executable, "-m", "gaugecnn", "train", *words, "train.resume=true"], check=True
    )


def main() -> int:
    """Train what is missing, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="folder of MNIST's files (data.root)")
    parser.add_argument("--output", type=Path, default=Path("runs/s2cnn_mnist"))
    parser.add_argument("--results", type=Path, default=HERE)
    args = parser.parse_args()
    table = Table("run")
    for heading in ("unrotated", "rotated", "epochs", "seconds"):
        table.add_column(heading, justify="right")
    rows = []
    for name in RUNS:
        file = args.output / name / "summary.json"
        if not file.is_file():
            train(name, args.root, args.output)
        summary = json.loads(file.read_text())
        scores = [f"{summary['test'][c]['accuracy']:.2f}" for c in ("unrotated", "rotated")]
        table.add_row(name, *scores, str(summary["epochs"]), f"{summary['train_seconds']:.0f}")
        command = " ".join(["gaugecnn train", *COMMON, *RUNS[name], "data.root=DIR"])
        rows += rows_of_run(summary, f"s2cnn_100k, {name}", command)
        if name == BEST:
            copyfile(file, args.results / "summary.json")
    Console().print(table)
    write_csv(args.results / "results.csv", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
