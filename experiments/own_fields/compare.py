"""Fields of one's own: which networks know a climate that is turned?

Trains `s2cnn`, `gauge` and `cnn` on the climates of ``climate.py`` as they are, one command each
but for ``model=``, tests them as they are and turned, and writes ``results.csv`` and
``figure.png``; what was trained before is not trained again:

    python experiments/own_fields/compare.py

Classes of each point (`weather`), a number at each point (`heating`), and, for `gauge` alone, whose
features have directions, a tangent vector at each point (`gradient`). On a mesh (``shape.py``) a
number and a tangent vector at each vertex of a surface with two handles, from its shape alone,
tested in other frames.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
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
SEEDS = (0, 1, 2)
TRAINED = ("train.learning_rate=0.01",)
CLIMATE = ("model.in_channels=2", "train.epochs=6")
SHAPE = (
    *("domain.kind=mesh", "domain.file=meshes/genus2.ply", "data.input=xyz"),
    *("model.in_channels=0", "model.in_vectors=1", "data.validation_size=4"),
    *("train.epochs=30", "train.batch_size=4"),
)
COLOURS = ("#4e79a7", "#f28e2b")


@dataclass(frozen=True)
class Question:
    """What is asked of which networks.

    Args:
        data: the function that gives the fields, with its module.
        task: the task that its targets ask for.
        models: the networks.
        words: what else is said on the command line.
        metric: which is drawn.
    """

    data: str
    task: str
    models: tuple[str, ...]
    words: tuple[str, ...]
    metric: str

    @property
    def name(self) -> str:
        """The function alone."""
        return self.data.partition(":")[2]


QUESTIONS = (
    Question("climate:weather", "segmentation", ("s2cnn", "gauge", "cnn"), CLIMATE, "miou"),
    Question("climate:heating", "field_regression", ("s2cnn", "gauge", "cnn"), CLIMATE, "nrmse"),
    Question("climate:gradient", "field_regression", ("gauge",), CLIMATE, "nrmse"),
    Question("shape:curvature", "field_regression", ("gauge",), SHAPE, "nrmse"),
    Question("shape:slope", "field_regression", ("gauge",), SHAPE, "nrmse"),
)


@dataclass(frozen=True)
class Job:
    """One training."""

    question: Question
    model: str
    seed: int

    @property
    def words(self) -> list[str]:
        """What is asked for, as on the command line."""
        name = f"data.name=experiments.own_fields.{self.question.data}"
        seeds = (f"seed={self.seed}", f"data.seed={self.seed}")
        return [name, *self.question.words, *TRAINED, *seeds]

    @property
    def command(self) -> str:
        """The words that run it again."""
        chosen = (f"model={self.model}", f"task={self.question.task}")
        return shlex.join(["gaugecnn", "train", *chosen, *self.words])

    def run(self, output: Path) -> dict[str, Any]:
        """Its summary, trained unless it is there."""
        folder = output / f"{self.question.name}-{self.model}-seed{self.seed}"
        if (folder / "summary.json").is_file():
            summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
            return summary
        print(self.command, flush=True)
        words = [*self.words, f"output={folder}", "train.resume=true"]
        return train(load_config(self.model, self.question.task, words))


def jobs() -> list[Job]:
    """All of them, seed by seed."""
    return [Job(q, model, seed) for seed in SEEDS for q in QUESTIONS for model in q.models]


def draw(values: dict[tuple[str, str], dict[str, list[float]]], path: Path) -> None:
    """Bars of each question: every network in its two tests, with the range over seeds."""
    figure = Figure(figsize=(13, 3), layout="constrained", dpi=160)
    for axes, question in zip(figure.subplots(1, len(QUESTIONS)), QUESTIONS, strict=True):
        for i, model in enumerate(question.models):
            tests = values[question.name, model]
            for j, (condition, found) in enumerate(tests.items()):
                mean = float(np.mean(found))
                spread = [[mean - min(found)], [max(found) - mean]]
                label = condition if i == 0 else None
                axes.bar(i + 0.4 * j, mean, 0.38, color=COLOURS[j], label=label, yerr=spread)
        axes.set_xticks(np.arange(len(question.models)) + 0.2, question.models)
        unit = "mIoU, %" if question.metric == "miou" else "RMSE over deviation"
        axes.set_title(f"{question.name}: {unit}", fontsize=9)
        axes.legend(fontsize=7, loc="lower left")
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png"))


def main() -> None:
    """Train what is missing, then write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("runs/own_fields"))
    options = parser.parse_args()
    output = options.output.absolute()
    os.chdir(HERE.parent.parent)  # the data's name is a module of this checkout
    sys.path.insert(0, str(HERE.parent.parent))
    rows: list[dict[str, Any]] = []
    values: dict[tuple[str, str], dict[str, list[float]]] = {}
    for job in jobs():
        summary = job.run(output)
        rows += [
            {**row, "model": f"{job.model}, {job.question.name}"}
            for row in rows_of_run(summary, job.model, job.command)
        ]
        tests = values.setdefault((job.question.name, job.model), {})
        for condition, found in summary["test"].items():
            tests.setdefault(condition, []).append(found[job.question.metric])
    write_csv(HERE / "results.csv", rows)
    draw(values, HERE / "figure.png")
    for (question, model), tests in values.items():
        for condition, found in tests.items():
            spread = f"{min(found):.4g} to {max(found):.4g}"
            print(f"{question} {model} {condition}: {np.mean(found):.4g} ({spread})")


if __name__ == "__main__":
    main()
