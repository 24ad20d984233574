"""How fine a grid does a nonlinearity on SO(3) need, and what does too coarse a one cost?

1. `block`: the error of one nonlinearity under random rotations, by the grid's bandwidth over the
   degree cut-off and by the function; and its time.
2. `train`: the gap between unrotated and rotated tests of a small network trained on unrotated
   digits, for the same factors.
3. `stages`: what each stage of networks trained elsewhere adds to the error of their logits.

    python experiments/s2cnn_aliasing/aliasing.py --root DIR   # MNIST in DIR: some minutes
    python experiments/s2cnn_aliasing/aliasing.py              # embedded digits
    python experiments/s2cnn_aliasing/aliasing.py --root DIR --runs runs/s2cnn_mnist/*/

Writes ``results.csv`` and ``figure.png``; trained runs are kept in --output and not trained again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from block import Block
from figure import draw
from rich.console import Console
from rich.progress import track
from stages import COMMAND, stage_rows

from gaugecnn import load_config
from gaugecnn.methods.s2cnn.nonlinearity import Nonlinearity
from gaugecnn.training.files import write_csv
from gaugecnn.training.provenance import commit, device_name
from gaugecnn.training.results import Result, rows_of_run
from gaugecnn.training.run import train

HERE = Path(__file__).parent
FACTORS = (1.0, 1.125, 1.25, 1.5, 1.75, 2.0, 3.0)
SIZES = (  # cut-off, orders, cut-off of the next stage; at last the stages of s2cnn_100k
    *((8, None, 8), (16, None, 16), (16, 2, 16)),
    *((24, 2, 18), (18, 2, 13), (13, 2, 10), (10, 2, 7), (7, 2, 5), (5, 2, 1)),
)
TRAINED = (
    *(("relu", 1.0), ("relu", 1.25), ("relu", 1.5)),
    *(("softplus", 1.0), ("product", 1.0), ("product", 1.5)),
)


def block_rows() -> Iterator[dict[str, Any]]:
    """The errors of one nonlinearity, one number a row."""
    code = commit()
    jobs = [(*size, name, factor) for size in SIZES for name in Nonlinearity for factor in FACTORS]
    for cutoff, max_order, kept, name, factor in track(jobs, "blocks", transient=True):
        model = f"degrees below {cutoff}, "
        model += "all orders" if max_order is None else f"orders to {max_order}"
        model += f", next below {kept}" if kept < cutoff else ""
        for metric, value in Block(name, cutoff, max_order, kept, factor).measure().items():
            found = Result(
                model=model,
                test_condition=f"{name}, sampling={factor:g}",
                metric=metric,
                value=f"{value:.4g}",
                device=device_name(torch.device("cpu")),
                dtype="float64",
                commit=code,
                command=COMMAND,
            )
            yield found.row()


def words_of(args: argparse.Namespace, name: str, factor: float) -> list[str]:
    """The configuration of one training, as on the command line."""
    words = [f"model.nonlinearity={name}", f"model.sampling={factor:g}", f"seed={args.seed}"]
    if args.root:
        words += ["data.name=mnist", "data.train_size=3000", "data.test_size=2000"]
        words += ["train.epochs=3", "train.batch_size=16", "train.learning_rate=0.01"]
    else:
        words += ["train.epochs=8", "train.batch_size=16", "train.learning_rate=0.01"]
    return words


def train_rows(args: argparse.Namespace, console: Console) -> Iterator[dict[str, Any]]:
    """Accuracy on unrotated and on rotated tests, and their gap."""
    for name, factor in TRAINED:
        words = words_of(args, name, factor)
        output = args.output / f"{name}-{factor:g}-seed{args.seed}"
        where = [f"data.root={args.root}"] if args.root else []
        if not (output / "summary.json").is_file():
            config = load_config(
                str(HERE / "small.yaml"),
                overrides=[*words, *where, f"output={output}", "train.resume=true"],
            )
            output.parent.mkdir(parents=True, exist_ok=True)
            with Path(f"{output}.log").open("w") as log, contextlib.redirect_stdout(log):
                train(config)
        summary = json.loads((output / "summary.json").read_text())
        scores = {c: summary["test"][c]["accuracy"] for c in ("unrotated", "rotated")}
        console.print(
            f"{name}, sampling {factor:g}: {scores['unrotated']:.1f} unrotated, "
            f"{scores['rotated']:.1f} rotated, {summary['train_seconds']:.0f} s"
        )
        model = "model=experiments/s2cnn_aliasing/small.yaml"
        root = " data.root=DIR" if args.root else ""
        command = f"gaugecnn train {model} {' '.join(words)}{root}"
        yield from rows_of_run(summary, f"small, {name}, sampling={factor:g}", command)


def main() -> int:
    """Measure, train, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default="", help="folder of MNIST's files (data.root)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--runs", type=Path, nargs="*", default=[], help="trained S2CNN classifiers to look into"
    )
    parser.add_argument("--output", type=Path, default=Path("runs/s2cnn_aliasing"))
    parser.add_argument("--results", type=Path, default=HERE)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    console = Console()
    rows = [*block_rows(), *train_rows(args, console)]
    rows += [row for run in args.runs for row in stage_rows(run)]
    write_csv(args.results / "results.csv", rows)
    draw(rows, args.results / "figure.png")
    console.print(f"{len(rows)} numbers in results.csv; figure.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
