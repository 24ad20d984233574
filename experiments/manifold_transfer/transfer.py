"""What does a network trained on the sphere know on other surfaces, and on other resolutions?

Trains `gauge_72k` to classify and `gauge_59k` to segment unrotated MNIST on the level-4 icosphere,
tests them without retraining on every surface in ``meshes/`` and on other levels, the classifier
also on the sphere with images as small as elsewhere, changes the frames of each, and writes
``results.csv`` and ``figure.png``.

    python experiments/manifold_transfer/transfer.py --root DIR       # trains what is not there yet
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from figure import draw
from frames import frame_errors
from rich.console import Console
from rich.table import Table
from sizes import accuracy_of_width, mesh_words, width_on

from gaugecnn import load_config
from gaugecnn.training.files import write_csv
from gaugecnn.training.provenance import commit, device_name
from gaugecnn.training.results import Result, rows_of_run
from gaugecnn.training.run import evaluate, train

MODELS = {"classification": "gauge_72k", "segmentation": "gauge_59k"}
SURFACES = ("ellipsoid", "bumpy_sphere", "capped_cylinder", "torus", "hemisphere", "genus2")
LEVELS = (3, 5)
CRAMPED = ("torus", "hemisphere", "genus2")
"""Surfaces with so little room that images are scaled down."""

SHORT = 2000
"""Test images, but on the sphere itself and on the ellipsoid, where they are all 10,000."""

TRAINED: dict[str, tuple[str, ...]] = {
    "classification": (
        *("data.validation_size=2000", "train.batch_size=32"),
        *("train.epochs=7", "train.learning_rate=0.01"),
    ),
    "segmentation": (
        *("data.train_size=10000", f"data.test_size={SHORT}", "train.batch_size=16"),
        *("train.epochs=3", "train.learning_rate=0.01"),
    ),
}

METRIC = {"classification": "accuracy", "segmentation": "miou_foreground"}


def words_of(task: str, root: str) -> list[str]:
    """The configuration of a run, as on the command line."""
    return ["data.name=mnist", f"data.root={root}", *TRAINED[task]]


def tested_on(run: Path, task: str) -> dict[str, Any]:
    """Test a run on every surface and level that its summary does not have yet; the summary."""
    summary = json.loads((run / "summary.json").read_text())
    places = {name: mesh_words(name) for name in SURFACES}
    places |= {f"icosphere{level}": [f"domain.level={level}"] for level in LEVELS}
    for name, words in places.items():
        if any(condition.split("/")[0].split(",")[0] == name for condition in summary["test"]):
            continue
        short = task == "classification" and name != "ellipsoid"
        evaluate(run, [*words, f"data.test_size={SHORT}"] if short else words)
        summary = json.loads((run / "summary.json").read_text())
    return summary


def further_row(
    summary: dict[str, Any], condition: str, metric: str, value: str, dtype: str
) -> dict[str, Any]:
    """A number measured here, and not by `gaugecnn evaluate`."""
    known = ("task", "seed", "train_size", "parameters", "train_seconds")
    return Result(
        model=MODELS[summary["task"]],
        train_rotation="none",
        test_condition=condition,
        metric=metric,
        value=value,
        device=device_name(torch.device("cpu")),
        dtype=dtype,
        commit=commit(),
        command="python experiments/manifold_transfer/transfer.py --root DIR",
        **{key: summary[key] for key in known},
    ).row()


def frame_rows(run: Path, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """How far a trained network depends on the frames, on each surface."""
    return [
        further_row(summary, surface, f"frame_error_{what}", f"{error:.3g}", dtype)
        for (surface, dtype, what), error in frame_errors(run, SURFACES).items()
    ]


def size_rows(run: Path, summary: dict[str, Any], root: str) -> list[dict[str, Any]]:
    """What the classifier makes of images on the sphere as small as on other surfaces."""
    return [
        further_row(summary, f"as wide as on {name}/{test}", "accuracy", f"{value:.4f}", "32-true")
        for name in CRAMPED
        for test, value in accuracy_of_width(run, root, width_on(run, name), SHORT).items()
    ]


def small_images(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The accuracy on rotated images on the sphere, as small as on a surface, by its name."""
    wanted = {f"as wide as on {name}/rotated": name for name in CRAMPED}
    conditions = [(wanted.get(row["test_condition"]), row["value"]) for row in rows]
    return {name: float(value) for name, value in conditions if name is not None}


def print_table(task: str, summary: dict[str, Any], console: Console) -> None:
    """One row a surface: unrotated and rotated."""
    table = Table("surface", title=f"{task}: {METRIC[task]} in %", title_justify="left")
    for name in ("unrotated", "rotated"):
        table.add_column(name, justify="right")
    tests = summary["test"]
    for condition in tests:
        if condition.endswith("unrotated"):
            place = condition.removesuffix("unrotated")
            values = [tests[place + c][METRIC[task]] for c in ("unrotated", "rotated")]
            table.add_row(place.rstrip("/") or "as trained", *(f"{v:.2f}" for v in values))
    console.print(table)


def main() -> int:
    """Train what is not there, test, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="folder of the data files (data.root)")
    parser.add_argument("--runs", type=Path, default=Path("runs/manifold_transfer"))
    parser.add_argument("--results", type=Path, default=Path(__file__).parent)
    parser.add_argument("--tasks", nargs="+", choices=TRAINED, default=list(TRAINED))
    args = parser.parse_args()
    console, rows, summaries = Console(), [], {}
    for task in args.tasks:
        run, model = args.runs / task, MODELS[task]
        if not (run / "summary.json").is_file():
            words = [*words_of(task, args.root), f"output={run}"]
            train(load_config(model, task, words))
        summaries[task] = tested_on(run, task)
        words = ["gaugecnn", "train", f"model={model}", f"task={task}", *words_of(task, "DIR")]
        rows += rows_of_run(summaries[task], model, " ".join(words))
        rows += frame_rows(run, summaries[task])
        if task == "classification":
            rows += size_rows(run, summaries[task], args.root)
        print_table(task, summaries[task], console)
    write_csv(args.results / "results.csv", rows)
    draw(summaries, METRIC, small_images(rows), args.results / "figure.png")
    console.print(f"{len(rows)} numbers in results.csv, figure.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
