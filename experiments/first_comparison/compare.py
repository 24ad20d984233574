"""Which method keeps what it learned on upright digits when the test digits are turned?

Trains `gauge`, `s2cnn`, `p4`, `cnn` (plain and augmented) and `gcn` on both tasks with nothing
changed but the method, tests each on unrotated and on rotated digits, prints one table and writes
``results.csv`` and ``figure.png``.

    python experiments/first_comparison/compare.py digits               # what `make compare` runs
    python experiments/first_comparison/compare.py mnist --root DIR     # the committed results

With ``--rows`` only these are trained; the numbers of the others are those in ``--results``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from report import (
    AUGMENTED,
    TASKS,
    draw,
    print_table,
    read_record,
    scores,
    slug,
    write_results,
)
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

ROWS = ("gauge", "s2cnn", "p4", "cnn", AUGMENTED, "gcn")
KEPT = 0.9
"""Which share of its unrotated score `gauge` and `s2cnn` must keep on rotated images."""


@dataclass(frozen=True)
class Preset:
    """A data set and the sizes at which each network is trained on it.

    Attributes:
        common: words for every network.
        epochs: by task and row.
        words: further words by row.
        needed: by task, what every network must reach on unrotated images, in percent.
    """

    common: tuple[str, ...]
    epochs: dict[str, dict[str, int]]
    words: dict[str, tuple[str, ...]]
    needed: dict[str, float]


PRESETS = {
    # 8 x 8 digits: little is lost on coarser domains
    "digits": Preset(
        common=("data.name=digits",),
        epochs={
            "classification": dict(zip(ROWS, (6, 8, 12, 20, 170, 12), strict=True)),
            "segmentation": dict(zip(ROWS, (5, 5, 8, 20, 170, 8), strict=True)),
        },
        words={
            "gcn": ("domain.level=3",),
            "s2cnn": ("domain.bandwidth=18",),
            "p4": ("domain.size=32",),
            "cnn": ("domain.size=24",),
            AUGMENTED: ("domain.size=24", "trainer.check_val_every_n_epoch=10"),
        },
        needed={"classification": 70.0, "segmentation": 25.0},
    ),
    # each run within 15 minutes of one CPU core
    "mnist": Preset(
        common=("data.name=mnist", "data.train_size=10000", "data.test_size=2000"),
        epochs={
            "classification": dict(zip(ROWS, (5, 5, 10, 10, 20, 5), strict=True)),
            "segmentation": dict(zip(ROWS, (3, 3, 6, 10, 20, 2), strict=True)),
        },
        words={},
        needed={"classification": 0.0, "segmentation": 0.0},
    ),
}


def words_of(preset: Preset, row: str, task: str, root: str, seed: int) -> list[str]:
    """The configuration of a row, as on the command line."""
    words = [f"model={row.split(',')[0]}", f"task={task}", *preset.common, f"seed={seed}"]
    words.append(f"train.epochs={preset.epochs[task][row]}")
    words += ["train.batch_size=16", "train.learning_rate=0.01"]
    if root:
        words.append(f"data.root={root}")
    if row == AUGMENTED:
        words.append("data.rotation=so3")
    return [*words, *preset.words.get(row, ())]


def run_one(words: list[str], output: Path, threads: int) -> dict[str, Any]:
    """Train one network in this process; what it prints goes to OUTPUT.log."""
    import torch

    from gaugecnn import load_config
    from gaugecnn.training.run import train

    torch.set_num_threads(threads)
    warnings.filterwarnings("ignore")
    given = dict(word.split("=", 1) for word in words)
    rest = [w for w in words if not w.startswith(("model=", "task="))]
    config = load_config(given["model"], given["task"], [*rest, f"output={output}"])
    output.parent.mkdir(parents=True, exist_ok=True)
    with (
        Path(f"{output}.log").open("w", buffering=1) as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        return train(config)


def folder(output: Path, row: str, task: str) -> Path:
    """Where a row's run is kept."""
    return output / f"{slug(row)}-{task}"


def run_all(jobs: list[tuple[str, str]], args: argparse.Namespace, console: Console) -> None:
    """Train every job that has no summary yet, as many at a time as there are pairs of threads."""
    preset = PRESETS[args.data]
    todo = [job for job in jobs if not (folder(args.output, *job) / "summary.json").is_file()]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=console) as progress,
        ProcessPoolExecutor(args.processes) as pool,
    ):
        bar = progress.add_task("networks trained", total=len(todo))
        futures = {}
        for row, task in todo:
            words = words_of(preset, row, task, args.root, args.seed)
            path = folder(args.output, row, task)
            futures[pool.submit(run_one, words, path, args.threads)] = (row, task)
        for future in as_completed(futures):
            row, task = futures[future]
            summary = future.result()
            unrotated, rotated = scores(task, summary)
            progress.advance(bar)
            progress.console.print(
                f"{row}, {task}: {unrotated:.1f} unrotated, {rotated:.1f} rotated, "
                f"{summary['train_seconds']:.0f} s"
            )


def collect(jobs: list[tuple[str, str]], args: argparse.Namespace) -> list[dict[str, Any]]:
    """One record per job: its row, task, command and summary."""
    preset = PRESETS[args.data]
    records = []
    for row, task in jobs:
        if row not in args.rows:
            records.append(read_record(args.results / "results.csv", row, task))
            continue
        summary = json.loads((folder(args.output, row, task) / "summary.json").read_text())
        words = words_of(preset, row, task, "DIR" if args.root else "", args.seed)
        command = "gaugecnn train " + " ".join(words)
        records.append({"row": row, "task": task, "summary": summary, "command": command})
    return records


def failures(records: list[dict[str, Any]], needed: dict[str, float]) -> list[str]:
    """Which rows miss what the comparison promises."""
    missed = []
    for record in records:
        task, row = record["task"], record["row"]
        unrotated, rotated = scores(task, record["summary"])
        if unrotated < needed[task]:
            missed.append(f"{row}, {task}: {unrotated:.1f} unrotated, expected {needed[task]:.0f}")
        if row in ("gauge", "s2cnn") and rotated < KEPT * unrotated:
            missed.append(
                f"{row}, {task}: keeps {100 * rotated / unrotated:.0f} % when rotated, "
                f"expected {100 * KEPT:.0f} %"
            )
    return missed


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The words of the command line."""
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=PRESETS, nargs="?", default="digits")
    parser.add_argument("--root", default="", help="folder of the data files (data.root)")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, help="which to train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", type=Path, help="folder of the runs; one that exists is continued"
    )
    parser.add_argument("--results", type=Path, help="where results.csv and figure.png go")
    parser.add_argument("--processes", type=int, default=min(2, cores), help="runs at a time")
    parser.add_argument("--threads", type=int, default=max(1, cores // 2), help="per run")
    args = parser.parse_args(arguments)
    args.output = args.output or Path(f"runs/compare-{args.data}-{datetime.now():%Y%m%d-%H%M%S}")
    args.results = args.results or args.output
    return args


def main(arguments: list[str] | None = None) -> int:
    """Train, print, write; 1 when a row misses what it should reach."""
    args = parse(arguments)
    console = Console()
    # The slow ones first, so that the last process does not work alone.
    jobs = [(row, task) for task in reversed(TASKS) for row in ROWS if row in args.rows]
    console.print(f"{len(jobs)} networks on {args.data}; runs and logs in {args.output}")
    start = time.perf_counter()
    run_all(jobs, args, console)
    records = collect([(row, task) for task in TASKS for row in ROWS], args)
    print_table(records, console)
    args.results.mkdir(parents=True, exist_ok=True)
    write_results(records, args.results / "results.csv")
    trained = "10,000 MNIST images" if args.data == "mnist" else "scikit-learn's digits"
    title = f"Trained on {trained}, upright but for the augmented cnn; seed {args.seed}"
    draw(records, args.results / "figure.png", title)
    console.print(f"{args.results}/results.csv and figure.png, {time.perf_counter() - start:.0f} s")
    missed = failures(records, PRESETS[args.data].needed)
    for line in missed:
        console.print(f"[bold red]missed[/] {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
