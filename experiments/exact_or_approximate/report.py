"""The table, the figure and ``results.csv`` of the runs that there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from angles import ANGLES, QUARTERS
from matplotlib.figure import Figure
from presets import NETWORKS, PUBLISHED, SEEDS, TRAININGS, Job, jobs
from rich.console import Console
from rich.table import Table

from gaugecnn.files import write_bytes_atomically
from gaugecnn.training.files import read_csv, write_csv
from gaugecnn.training.results import Result

COLOURS = dict(zip(NETWORKS, ("#d1495b", "#4e79a7", "#76b7b2", "#8a8a8a", "#edae49"), strict=True))


@dataclass(frozen=True)
class Record:
    """A run that is trained and measured.

    Args:
        job: what was asked for.
        summary: of its training.
        measured: its accuracy by angle.
        curve: accuracy on the validation images after each epoch.
    """

    job: Job
    summary: Mapping[str, Any]
    measured: Mapping[str, Any]
    curve: list[float]

    @property
    def numbers(self) -> list[float]:
        """Of all test images at the quarter turns, then the mean over all angles of the fewer."""
        few = self.measured["few"]
        quarters = [self.measured["all"][str(a)] for a in QUARTERS]
        return [*quarters, float(np.mean([few[str(a)] for a in ANGLES]))]

    def rows(self) -> list[dict[str, Any]]:
        """One number a row."""
        common = {
            "model": self.job.network,
            "train_rotation": self.job.training,
            "command": self.job.command,
            **{k: self.summary[k] for k in ("task", "seed", "train_size", "parameters")},
            **{k: self.summary[k] for k in ("train_seconds", "device", "dtype", "commit")},
        }
        metrics = {"all": "accuracy", "few": f"accuracy_of_{self.measured['images']['few']}"}
        return [
            Result(
                test_condition=f"turned by {angle} degrees",
                metric=metric,
                value=f"{value:.4f}",
                **common,
            ).row()
            for which, metric in metrics.items()
            for angle, value in self.measured[which].items()
        ]


def records(output: Path) -> list[Record]:
    """The runs that are there, in the order of the jobs."""
    found = []
    for job in jobs(list(TRAININGS), list(NETWORKS), list(SEEDS)):
        folder = output / job.name
        if (folder / "angles.json").is_file():
            summary, measured = (
                json.loads((folder / name).read_text()) for name in ("summary.json", "angles.json")
            )
            rows = read_csv(folder / "metrics.csv")
            curve = [float(r["validation/accuracy"]) for r in rows if r.get("validation/accuracy")]
            found.append(Record(job, summary, measured, curve))
    return found


def write_report(output: Path, folder: Path) -> None:
    """Print the table of the runs in `output`; write ``results.csv`` and ``figure.png``."""
    found = records(output)
    if not found:
        return
    write_csv(folder / "results.csv", [row for record in found for row in record.rows()])
    draw(found, folder / "figure.png")
    Console(width=150).print(table(found))


def table(found: Sequence[Record]) -> Table:
    """Mean and range over seeds, and what was published."""
    shown = Table("training", "network", "seeds", *map(str, QUARTERS), "mean of 36 angles")
    for (training, network), of_seeds in by_name(found).items():
        numbers = np.array([record.numbers for record in of_seeds])  # (seed, column)
        cells = [
            f"{c.mean():.2f} ({c.min():.2f} to {c.max():.2f})" if len(c) > 1 else f"{c[0]:.2f}"
            for c in numbers.T
        ]
        shown.add_row(training, network, str(len(of_seeds)), *cells)
        if (training, network) in PUBLISHED:
            published = [f"{value:.2f}" for value in PUBLISHED[training, network]]
            shown.add_row("", "published", "", *published, style="dim")
    return shown


def by_name(found: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    """The seeds of each network on each poses."""
    runs: dict[tuple[str, str], list[Record]] = {}
    for record in found:
        runs.setdefault((record.job.training, record.job.network), []).append(record)
    return runs


def draw(found: Sequence[Record], path: Path) -> None:
    """Accuracy against angle above, against the epoch below; bands are the range over seeds."""
    figure = Figure(figsize=(13, 7), layout="constrained", dpi=140)
    panels = figure.subplots(2, len(TRAININGS), height_ratios=[2, 1])
    angles = [*ANGLES, 360]
    for column, training in enumerate(TRAININGS):
        above, below = panels[:, column]
        for (name, network), of_seeds in by_name(found).items():
            if name != training:
                continue
            few = [[r.measured["few"][str(a % 360)] for a in angles] for r in of_seeds]
            band(above, angles, np.array(few), network)
            curves = [r.curve for r in of_seeds]
            band(below, range(1, len(curves[0]) + 1), np.array(curves), network)
        above.set(title=f"trained {training}", xlabel="test images turned by, degrees")
        above.set_xticks(range(0, 361, 90))
        below.set(xlabel="epoch", ylim=(85, 100))
        below.set_ylabel("validation accuracy, %")
        above.set_ylabel("test accuracy, %")
    panels[0, 0].legend(fontsize=8)
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png"))


def band(axes: Any, x: Any, values: np.ndarray[Any, Any], network: str) -> None:
    """The mean of ``(seed, x)`` as a line, from the least to the greatest as a band."""
    colour = COLOURS[network]
    axes.plot(x, values.mean(axis=0), color=colour, label=network, linewidth=1.5)
    axes.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.25)
