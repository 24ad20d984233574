"""Fields of one's own: which networks know a climate that is turned?

Trains `s2cnn`, `gauge` and `cnn` on the climates of ``climate.py`` as they are, one command each
but for ``model=``, tests them as they are and turned, and writes ``results.csv`` and
``figure.png``; what was trained before is not trained again:

    python experiments/own_fields/compare.py

Classes of each point (`weather`), a number at each point (`heating`), and, for `gauge` alone, whose
features have directions, a tangent vector at each point (`gradient`).
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from gaugecnn import load_config, train
from gaugecnn.files import write_bytes_atomically
from gaugecnn.training.files import write_csv
from gaugecnn.training.results import rows_of_run

HERE = Path(__file__).parent
QUESTIONS = {
    "weather": "segmentation",
    "heating": "field_regression",
    "gradient": "field_regression",
}
MODELS = {
    "weather": ("s2cnn", "gauge", "cnn"),
    "heating": ("s2cnn", "gauge", "cnn"),
    "gradient": ("gauge",),
}
SEEDS = (0, 1, 2)
WORDS = ("model.in_channels=2", "train.epochs=6", "train.learning_rate=0.01")
COLOURS = {"unrotated": "#4e79a7", "rotated": "#f28e2b"}
METRIC = {"weather": "miou", "heating": "nrmse", "gradient": "nrmse"}


@dataclass(frozen=True)
class Job:
    """One training."""

    question: str
    model: str
    seed: int

    @property
    def words(self) -> list[str]:
        """What is asked for, as on the command line."""
        name = f"data.name=experiments.own_fields.climate:{self.question}"
        return [name, *WORDS, f"seed={self.seed}", f"data.seed={self.seed}"]

    @property
    def command(self) -> str:
        """The words that run it again."""
        task = QUESTIONS[self.question]
        return shlex.join(["gaugecnn", "train", f"model={self.model}", f"task={task}", *self.words])

    def run(self, output: Path) -> dict[str, Any]:
        """Its summary, trained unless it is there."""
        folder = output / f"{self.question}-{self.model}-seed{self.seed}"
        if (folder / "summary.json").is_file():
            summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
            return summary
        print(self.command, flush=True)
        words = [*self.words, f"output={folder}", "train.resume=true"]
        return train(load_config(self.model, QUESTIONS[self.question], words))


def jobs() -> list[Job]:
    """All of them, seed by seed."""
    return [Job(q, model, seed) for seed in SEEDS for q in QUESTIONS for model in MODELS[q]]


def draw(values: dict[tuple[str, str, str], list[float]], path: Path) -> None:
    """Bars of each question: every network as it is and turned, with the range over seeds."""
    figure = Figure(figsize=(9, 3), layout="constrained", dpi=160)
    for axes, question in zip(figure.subplots(1, 3), QUESTIONS, strict=True):
        for i, model in enumerate(MODELS[question]):
            for j, (condition, colour) in enumerate(
                (("unrotated", "#4e79a7"), ("rotated", "#f28e2b"))
            ):
                found = np.array(values[question, model, condition])
                low, high = found.mean() - found.min(), found.max() - found.mean()
                label = condition if i == 0 else None
                spread = [[low], [high]]
                axes.bar(i + 0.4 * j, found.mean(), 0.38, color=colour, label=label, yerr=spread)
        axes.set_xticks(np.arange(len(MODELS[question])) + 0.2, MODELS[question])
        unit = "mIoU, %" if METRIC[question] == "miou" else "RMSE over deviation"
        axes.set_title(f"{question}: {unit}", fontsize=9)
    figure.axes[0].legend(fontsize=8, loc="lower left")
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png"))


def main() -> None:
    """Train what is missing, then write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("runs/own_fields"))
    options = parser.parse_args()
    os.chdir(HERE.parent.parent)  # the data's name is a module of this checkout
    rows, values = [], {}
    for job in jobs():
        summary = job.run(options.output)
        rows += [
            {**row, "task": f"{job.question} ({row['task']})"}
            for row in rows_of_run(summary, job.model, job.command)
        ]
        for condition, found in summary["test"].items():
            key = (job.question, job.model, condition)
            values.setdefault(key, []).append(found[METRIC[job.question]])
    write_csv(HERE / "results.csv", rows)
    draw(values, HERE / "figure.png")
    for key, found in values.items():
        print(*key, f"{np.mean(found):.4g} ({min(found):.4g} to {max(found):.4g})")


if __name__ == "__main__":
    main()
