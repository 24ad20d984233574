"""What a comparison leaves: a table on the terminal, results.csv and the figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from presets import AUGMENTED_3X, TASKS, Preset, slug
from rich.console import Console
from rich.table import Table

from gaugecnn.files import write_bytes_atomically
from gaugecnn.training.files import read_csv, write_csv
from gaugecnn.training.results import rows_of_run

METRIC = {"classification": "accuracy", "segmentation": "miou_foreground"}
CONDITIONS = ("unrotated", "rotated")


@dataclass(frozen=True)
class Record:
    """A trained network: its row and task, the run's summary, and the words that run it again."""

    row: str
    task: str
    summary: dict[str, Any]
    command: str

    @property
    def seed(self) -> int:
        """Of the weights."""
        return self.summary["seed"]

    def score(self, condition: str) -> float:
        """The task's metric on unrotated or on rotated images."""
        return self.summary["test"][condition][METRIC[self.task]]


class Spread(NamedTuple):
    """Scores over seeds."""

    mean: float
    least: float
    greatest: float
    seeds: int

    def __str__(self) -> str:
        """The mean and, of several seeds, the range."""
        several = f" ({self.least:.1f} to {self.greatest:.1f})" if self.seeds > 1 else ""
        return f"{self.mean:.1f}{several}"


def by_row(records: list[Record], task: str) -> dict[str, list[Record]]:
    """The records of a task by row, one for each seed."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if record.task == task:
            found.setdefault(record.row, []).append(record)
    return found


def spread(records: list[Record], condition: str) -> Spread:
    """The scores of a row on unrotated or on rotated images."""
    scores = [record.score(condition) for record in records]
    return Spread(fmean(scores), min(scores), max(scores), len(scores))


def budget(preset: Preset, task: str) -> str:
    """For how many seconds the rows were sized."""
    longer = f"; {AUGMENTED_3X} for three times as long" if AUGMENTED_3X in preset.rows else ""
    return f"sized for about {preset.seconds[task]} s of one core{longer}"


def seeds_in_words(records: list[Record]) -> str:
    """Which seeds there are, and which rows have others than the first one."""
    rows: dict[tuple[int, ...], list[str]] = {}
    for task in TASKS:
        for row, found in by_row(records, task).items():
            names = rows.setdefault(tuple(sorted(r.seed for r in found)), [])
            names += [row] if row not in names else []
    said: list[str] = []
    for seeds, names in rows.items():
        numbers = f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
        said.append(f"{numbers} of {' and '.join(names)}" if said else numbers)
    return "; ".join(said) + (": mean (min to max)" if any(len(s) > 1 for s in rows) else "")


def print_table(records: list[Record], preset: Preset, console: Console) -> None:
    """Method, parameters, mean seconds and the metric of each test."""
    for task in TASKS:
        found = by_row(records, task)
        table = Table(
            title=f"{task}: {METRIC[task].replace('_', ' ')} in %",
            caption=f"{seeds_in_words([r for rs in found.values() for r in rs])}; "
            f"{budget(preset, task)}",
            title_justify="left",
            caption_justify="left",
            box=None,  # the ranges fit into 80 columns
            pad_edge=False,
        )
        table.add_column("method")
        for name in ("parameters", "seconds", *CONDITIONS):
            table.add_column(name, justify="right", no_wrap=True)
        for row, runs in found.items():
            seconds = fmean(r.summary["train_seconds"] for r in runs)
            shown = [str(spread(runs, condition)) for condition in CONDITIONS]
            table.add_row(row, f"{runs[0].summary['parameters']:,}", f"{seconds:.0f}", *shown)
        console.print(table, "")


def write_results(records: list[Record], path: Path) -> None:
    """The pinned long form, one number of one seed a row."""
    rows = []
    for record in records:
        rotation = "so3" if "augmented" in record.row else "none"
        rows += rows_of_run(record.summary, slug(record.row), record.command, rotation)
    write_csv(path, rows)


def read_records(path: Path, row: str, task: str) -> list[Record]:
    """The records of a row, one for each seed, as `write_results` left them."""
    by_seed: dict[int, list[dict[str, str]]] = {}
    for found in read_csv(path):
        if (found["model"], found["task"]) == (slug(row), task):
            by_seed.setdefault(int(found["seed"]), []).append(found)
    if not by_seed:
        raise SystemExit(f"{path} has no {task} of {row}: name the row in --rows to train it")
    return [Record(row, task, _summary(rows), rows[0]["command"]) for rows in by_seed.values()]


def _summary(rows: list[dict[str, str]]) -> dict[str, Any]:
    """What of a run's summary is in its rows."""
    tests: dict[str, dict[str, float]] = {}
    for row in rows:
        tests.setdefault(row["test_condition"], {})[row["metric"]] = float(row["value"])
    first = rows[0]
    return {
        **{key: first[key] for key in ("task", "device", "dtype", "commit")},
        **{key: int(first[key]) for key in ("seed", "train_size", "parameters")},
        "train_seconds": float(first["train_seconds"]),
        "test": tests,
    }


def draw(records: list[Record], preset: Preset, path: Path) -> None:
    """Two bars a method, unrotated and rotated, from least to greatest seed; one panel a task."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained", sharey=True)
    for panel, task in zip(panels, TASKS, strict=True):
        found = by_row(records, task)
        for i, (condition, colour) in enumerate(
            zip(CONDITIONS, ("#9db4c0", "#d1495b"), strict=True)
        ):
            spreads = [spread(runs, condition) for runs in found.values()]
            means = [s.mean for s in spreads]
            places = [k + 0.4 * (i - 0.5) for k in range(len(spreads))]
            below = [s.mean - s.least for s in spreads]
            above = [s.greatest - s.mean for s in spreads]
            bars = panel.bar(places, means, 0.38, yerr=(below, above), color=colour)
            bars.set_label(condition)  # as an argument, matplotlib gives it to the errors too
            panel.bar_label(bars, [f"{mean:.0f}" for mean in means], fontsize=8)
        names = [row.replace(", ", "\n").replace(" ", "\n") for row in found]
        panel.set_xticks(range(len(names)), names, fontsize=8)
        title = f"{task}: {METRIC[task].replace('_', ' ')} (%)\n{budget(preset, task)}"
        panel.set_title(title, fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_ylim(0, 105)
    handles, conditions = panels[0].get_legend_handles_labels()
    labels = [f"{condition} test images" for condition in conditions]
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(
        f"Trained on {preset.images}, upright but for the augmented cnn; {seeds_in_words(records)}",
        fontsize=11,
    )
    write_bytes_atomically(path, lambda file: figure.savefig(file, dpi=150, format="png"))
    plt.close(figure)
