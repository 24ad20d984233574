"""Which method keeps what it learned on upright digits when the test digits are turned?

Trains `gauge`, `s2cnn`, `p4`, `cnn` (plain and augmented) and `gcn` on both tasks with nothing
changed but the method, each for about the same seconds of one core, tests each on unrotated and on
rotated digits, prints one table and writes ``results.csv`` and ``figure.png``.

    python experiments/first_comparison/compare.py digits               # what `make compare` runs
    python experiments/first_comparison/compare.py mnist --root DIR     # the committed results

With ``--rows`` only these are trained; the numbers of the others are those in ``--results``.
With ``--output`` of an earlier call, what it finished is kept and what it began is continued.
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
from datetime import datetime
from pathlib import Path
from typing import Any

from presets import (
    AUGMENTED,
    AUGMENTED_3X,
    PRESETS,
    ROWS,
    TASKS,
    Job,
    Preset,
    epochs_of,
    ordered_jobs,
    words_of,
)
from report import (
    CONDITIONS,
    Record,
    by_row,
    draw,
    print_table,
    read_records,
    spread,
    write_results,
)
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

EQUIVARIANT = ("gauge", "s2cnn")
KEPT = 0.9
"""Which share of their unrotated score the equivariant rows must keep on rotated images."""


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
        Path(f"{output}.log").open("a", buffering=1) as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        return train(config)


def finished(job: Job, args: argparse.Namespace) -> dict[str, Any] | None:
    """The summary of a job's run, if it came to its end."""
    path = args.output / job.name / "summary.json"
    if not path.is_file():
        return None
    summary: dict[str, Any] = json.loads(path.read_text())
    epochs = epochs_of(PRESETS[args.data], job.row, job.task)
    if summary["epochs"] != epochs:
        raise SystemExit(
            f"{path.parent} was trained for {summary['epochs']} epochs, not {epochs}: "
            "remove it, or give another --output"
        )
    return summary


def to_train(jobs: list[Job], args: argparse.Namespace) -> list[tuple[Job, list[str]]]:
    """The jobs that are not finished, with the words that begin or continue them."""
    todo = []
    for job in jobs:
        if finished(job, args) is None:
            words = words_of(PRESETS[args.data], job, args.root)
            if (args.output / job.name / "config.yaml").is_file():
                words.append("train.resume=true")
            todo.append((job, words))
    return todo


def run_all(jobs: list[Job], args: argparse.Namespace, console: Console) -> None:
    """Train every job that is not finished, `args.processes` at a time."""
    todo = to_train(jobs, args)
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
        futures = {
            pool.submit(run_one, words, args.output / job.name, args.threads): job
            for job, words in todo
        }
        for future in as_completed(futures):
            job = futures[future]
            record = Record(job.row, job.task, future.result(), "")
            scores = ", ".join(f"{record.score(c):.1f} {c}" for c in CONDITIONS)
            seconds = f"{record.summary['train_seconds']:.0f} s"
            progress.advance(bar)
            progress.console.print(f"{job.row}, {job.task}, seed {job.seed}: {scores}, {seconds}")


def kept_records(args: argparse.Namespace) -> list[Record]:
    """The records of the rows that are not trained, from an earlier table."""
    rows = [row for row in PRESETS[args.data].rows if row not in args.rows]
    table = args.results / "results.csv"
    return [record for row in rows for task in TASKS for record in read_records(table, row, task)]


def trained_records(jobs: list[Job], args: argparse.Namespace) -> list[Record]:
    """The records of the jobs, from their runs."""
    records = []
    for job in jobs:
        summary = finished(job, args)
        assert summary is not None, f"{job.name} was not trained"
        words = words_of(PRESETS[args.data], job, "DIR" if args.root else "")
        records.append(Record(job.row, job.task, summary, "gaugecnn train " + " ".join(words)))
    return records


def in_order(records: list[Record], preset: Preset) -> list[Record]:
    """By task, then as the preset's rows, then by seed."""
    return sorted(records, key=lambda r: (TASKS.index(r.task), preset.rows.index(r.row), r.seed))


def failures(records: list[Record], needed: dict[str, float]) -> list[str]:
    """Which rows miss, in the mean over seeds, what the comparison promises.

    Of augmented networks nothing is needed: what they reach in the same seconds is the question.
    """
    missed = []
    for task in TASKS:
        found = by_row(records, task)
        for row, runs in found.items():
            unrotated, rotated = (spread(runs, c).mean for c in CONDITIONS)
            if row not in (AUGMENTED, AUGMENTED_3X) and unrotated < needed[task]:
                missed.append(
                    f"{row}, {task}: {unrotated:.1f} unrotated, expected {needed[task]:.0f}"
                )
            if row in EQUIVARIANT and rotated < KEPT * unrotated:
                missed.append(
                    f"{row}, {task}: keeps {100 * rotated / unrotated:.0f} % when rotated, "
                    f"expected {100 * KEPT:.0f} %"
                )
            learned = spread(found[AUGMENTED], "rotated").mean
            if row in EQUIVARIANT and task == "segmentation" and rotated <= learned:
                missed.append(
                    f"{row}, {task}: {rotated:.1f} rotated, "
                    f"expected more than the {learned:.1f} of {AUGMENTED}"
                )
    return missed


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The words of the command line."""
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=PRESETS, nargs="?", default="digits")
    parser.add_argument("--root", default="", help="folder of the data files (data.root)")
    parser.add_argument("--rows", nargs="+", choices=ROWS, help="which to train")
    parser.add_argument("--seeds", nargs="+", type=int, help="each row is trained with each")
    parser.add_argument(
        "--output", type=Path, help="folder of the runs; one that exists is continued"
    )
    parser.add_argument("--results", type=Path, help="where results.csv and figure.png go")
    parser.add_argument("--processes", type=int, default=min(2, cores), help="runs at a time")
    parser.add_argument("--threads", type=int, default=max(1, cores // 2), help="per run")
    args = parser.parse_args(arguments)
    preset = PRESETS[args.data]
    args.rows = tuple(args.rows or preset.rows)
    args.seeds = tuple(dict.fromkeys(args.seeds or preset.seeds))
    for row in args.rows:
        if row not in preset.rows:
            parser.error(f"{args.data} has no row {row}, but {'; '.join(preset.rows)}")
    args.output = args.output or Path(f"runs/compare-{args.data}-{datetime.now():%Y%m%d-%H%M%S}")
    args.results = args.results or args.output
    return args


def main(arguments: list[str] | None = None) -> int:
    """Train, print, write; 1 when a row misses what it should reach."""
    args = parse(arguments)
    console, preset = Console(), PRESETS[args.data]
    jobs = ordered_jobs(preset, args.rows, args.seeds)
    kept = kept_records(args)  # what is missing is told before hours of training
    console.print(f"{len(jobs)} networks on {args.data}; runs and logs in {args.output}")
    start = time.perf_counter()
    run_all(jobs, args, console)
    records = in_order(kept + trained_records(jobs, args), preset)
    print_table(records, preset, console)
    args.results.mkdir(parents=True, exist_ok=True)
    write_results(records, args.results / "results.csv")
    draw(records, preset, args.results / "figure.png")
    console.print(f"{args.results}/results.csv and figure.png, {time.perf_counter() - start:.0f} s")
    missed = failures(records, preset.needed)
    for line in missed:
        console.print(f"[bold red]missed[/] {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
