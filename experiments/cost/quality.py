"""How many seconds a training took until a validation first reached something."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaugecnn.records.files import read_csv
from gaugecnn.studies.figures import Answer
from gaugecnn.training.progress import SECONDS

ACCURACY = "validation/accuracy"


def curve(run: Path) -> list[tuple[float, float]]:
    """Seconds of training, rendering included, and the validation accuracy in percent then."""
    rows = read_csv(run / "metrics.csv")
    return [(float(row[SECONDS]), float(row[ACCURACY])) for row in rows if row.get(ACCURACY)]


def rows(
    run: Path, places: Sequence[str] = (), at_least: Sequence[float] = (98.0,)
) -> list[dict[str, Any]]:
    """The seconds until each accuracy, as rows of ``results.csv``; none for one not reached.

    Args:
        run: the run directory.
        places: not asked: nothing is loaded.
        at_least: accuracies in percent.
    """
    del places
    found = curve(run)
    first = {bound: [s for s, reached in found if reached >= bound] for bound in at_least}
    return [
        {"test_condition": f"{bound:g} %", "metric": "seconds", "value": f"{seconds[0]:.1f}"}
        for bound, seconds in first.items()
        if seconds
    ]


def draw(answer: Answer) -> Any:
    """Validation accuracy against seconds of training, one line a run, a colour a network."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.6), layout="constrained")
    axes = figure.subplots()
    colours: dict[str, str] = {}
    for run in answer.runs:
        network = run.factors["network"]
        label = None if network in colours else network
        colour = colours.setdefault(network, f"C{len(colours)}")
        seconds, accuracies = zip(*curve(run.folder), strict=True)
        axes.plot(seconds, accuracies, "o-", color=colour, label=label, markersize=3, linewidth=1)
    axes.set_xscale("log")
    axes.set_ylim(90, 100)
    axes.set_xlabel("seconds of training, rendering included")
    axes.set_ylabel("validation accuracy, %")
    axes.spines[["top", "right"]].set_visible(False)
    if colours:
        axes.legend(frameon=False)
    return figure
