"""What a comparison leaves: a table on the terminal, results.csv and the figure.

A record is a dictionary: ``row`` (its name), ``task``, ``command`` and the run's ``summary``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gaugecnn.files import write_bytes_atomically
from gaugecnn.training.files import read_csv, write_csv
from gaugecnn.training.results import rows_of_run

TASKS = ("classification", "segmentation")
METRIC = {"classification": "accuracy", "segmentation": "miou_foreground"}
AUGMENTED = "cnn, augmented"


def slug(row: str) -> str:
    """The name of a row in files."""
    return row.replace(", ", "-")


def scores(task: str, summary: dict[str, Any]) -> tuple[float, float]:
    """The task's metric on unrotated and on rotated images."""
    unrotated, rotated = (summary["test"][c][METRIC[task]] for c in ("unrotated", "rotated"))
    return unrotated, rotated


def print_table(records: list[dict[str, Any]], console: Console) -> None:
    """Method, parameters, seconds and the metric of each test."""
    for task in TASKS:
        title = f"{task}: {METRIC[task].replace('_', ' ')} in %"
        table = Table(title=title, title_justify="left")
        table.add_column("method")
        for name in ("parameters", "seconds", "unrotated", "rotated"):
            table.add_column(name, justify="right")
        for record in records:
            if record["task"] == task:
                s = record["summary"]
                shown = [f"{score:.1f}" for score in scores(task, s)]
                table.add_row(
                    record["row"], f"{s['parameters']:,}", f"{s['train_seconds']:.0f}", *shown
                )
        console.print(table)


def write_results(records: list[dict[str, Any]], path: Path) -> None:
    """The pinned long form, one number a row."""
    rows = []
    for record in records:
        rotation = "so3" if record["row"] == AUGMENTED else "none"
        name, command = slug(record["row"]), record["command"]
        rows += rows_of_run(record["summary"], name, command, rotation)
    write_csv(path, rows)


def read_record(path: Path, row: str, task: str) -> dict[str, Any]:
    """A record as `write_results` left it."""
    rows = [r for r in read_csv(path) if (r["model"], r["task"]) == (slug(row), task)]
    if not rows:
        raise SystemExit(f"{path} has no {task} of {row}, and no run of it is there")
    tests: dict[str, dict[str, float]] = {}
    for found in rows:
        tests.setdefault(found["test_condition"], {})[found["metric"]] = float(found["value"])
    last = rows[-1]
    summary = {
        **{key: last[key] for key in ("task", "device", "dtype", "commit")},
        **{key: int(last[key]) for key in ("seed", "train_size", "parameters")},
        "train_seconds": float(last["train_seconds"]),
        "test": tests,
    }
    return {"row": row, "task": task, "summary": summary, "command": last["command"]}


def draw(records: list[dict[str, Any]], path: Path, title: str) -> None:
    """Two bars a method, unrotated and rotated, one panel a task."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", sharey=True)
    for panel, task in zip(panels, TASKS, strict=True):
        chosen = [r for r in records if r["task"] == task]
        for i, (condition, colour) in enumerate((("unrotated", "#9db4c0"), ("rotated", "#d1495b"))):
            values = [scores(task, r["summary"])[i] for r in chosen]
            places = [k + 0.4 * (i - 0.5) for k in range(len(chosen))]
            bars = panel.bar(places, values, 0.38, color=colour, label=condition)
            panel.bar_label(bars, fmt="%.0f", fontsize=8)
        names = [f"{r['row'].replace(', ', chr(10))}" for r in chosen]
        panel.set_xticks(range(len(chosen)), names)
        panel.set_title(f"{task}: {METRIC[task].replace('_', ' ')} (%)", fontsize=11)
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_ylim(0, 105)
    panels[1].legend(frameon=False, title="test images", loc="upper right")
    figure.suptitle(title, fontsize=11)
    write_bytes_atomically(path, lambda file: figure.savefig(file, dpi=150, format="png"))
