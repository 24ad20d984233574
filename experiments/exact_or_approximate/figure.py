"""The figure of the study: accuracy against the angle of the test images, and against the epoch."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from gaugecnn.records.files import read_csv
from gaugecnn.studies.figures import Answer
from gaugecnn.studies.plan import PlannedRun

COLOURS = ("#d1495b", "#4e79a7", "#76b7b2", "#8a8a8a", "#edae49")
DEGREES = (*range(0, 360, 10), 360)


def draw(answer: Answer) -> Figure:
    """A column for each way of training; bands are the range over seeds.

    Args:
        answer: of the study.
    """
    trainings, networks = (list(answer.study.grid[name]) for name in ("training", "network"))
    figure = Figure(figsize=(13, 7), layout="constrained", dpi=140)
    panels = figure.subplots(2, len(trainings), height_ratios=[2, 1])
    for column, training in enumerate(trainings):
        above, below = panels[:, column]
        for network, colour in zip(networks, COLOURS, strict=True):
            wanted = {"training": training, "network": network}
            runs = [
                run
                for run in answer.runs
                if wanted.items() <= run.factors.items() and (run.folder / "angles.json").is_file()
            ]
            if runs:
                band(above, DEGREES, np.array([by_angle(run) for run in runs]), colour, network)
                curves = np.array([curve(run) for run in runs])
                band(below, range(1, curves.shape[1] + 1), curves, colour, network)
        above.set(title=f"trained {training}", xlabel="test images turned by, degrees")
        above.set_xticks(range(0, 361, 90))
        above.set_ylabel("test accuracy, %")
        below.set(xlabel="epoch", ylabel="validation accuracy, %", ylim=(85, 100))
    lines, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=len(names), frameon=False)
    return figure


def by_angle(run: PlannedRun) -> list[float]:
    """Test accuracy at each of `DEGREES`."""
    few = json.loads((run.folder / "angles.json").read_text())["few"]
    return [few[str(angle % 360)] for angle in DEGREES]


def curve(run: PlannedRun) -> list[float]:
    """Accuracy on the validation images after each epoch; one that was done again counts once."""
    rows = read_csv(run.folder / "metrics.csv")
    found = {r["epoch"]: r["validation/accuracy"] for r in rows if r.get("validation/accuracy")}
    return [float(accuracy) for accuracy in found.values()]


def band(axes: Any, x: Any, values: np.ndarray[Any, Any], colour: str, label: str) -> None:
    """The mean of ``(seed, x)`` as a line, from the least to the greatest as a band."""
    axes.plot(x, values.mean(axis=0), color=colour, label=label, linewidth=1.5)
    axes.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.25)
