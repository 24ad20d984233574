"""The figure of the study: anisotropy by mesh size and by surface, and accuracy lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gaugecnn.studies.figures import Answer
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.where import fits

COLOURS = {
    "one ring, plain": "#d1495b",
    "disc 2.3 edges, plain": "#edae49",
    "disc 2.3 edges, constants only": "#8d99ae",
    "one ring, degree 1": "#66a182",
    "one ring, degree 2": "#2e7d5b",
    "disc 2.3 edges, degree 1": "#7fb7d6",
    "disc 2.3 edges, degree 2": "#3a86b7",
    "disc 2.3 edges, degree 3": "#1d3557",
    "disc 3.3 edges, degree 3": "#5c4d7d",
}
BARS = (
    "disc 2.3 edges, plain",
    "one ring, degree 1",
    "disc 2.3 edges, degree 1",
    "disc 2.3 edges, degree 3",
)
SURFACES = ("icosphere4", "ellipsoid", "bumpy_sphere", "torus", "capped_cylinder", "genus2")
OPEN = ("hemisphere inside", "hemisphere")


def draw(answer: Answer) -> Any:
    """Order 1 and order 2 on icospheres, order 1 on all surfaces, accuracy lost."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 9), layout="constrained")
    panels = figure.subplots(2, 2)
    for panel, order in zip(panels[0], (1, 2), strict=True):
        by_size(panel, answer.numbers, order)
    by_surface(panels[1, 0], answer.numbers)
    accuracy_lost(panels[1, 1], answer.numbers)
    for panel in panels.flat:
        panel.spines[["top", "right"]].set_visible(False)
    return figure


def by_size(panel: Any, numbers: Sequence[Number], order: int) -> None:
    """Anisotropy on icospheres against the mean edge."""
    named = [(n.labels["metric"], n) for n in numbers]
    edges = {n.labels["test_condition"]: n.value for metric, n in named if metric == "mean_edge"}
    spheres = sorted(name for name in edges if name.startswith("icosphere"))
    metric = f"anisotropy_order{order}"
    for model, colour in COLOURS.items():
        found = [number(numbers, model, f"{s}, harmonic 6", metric) for s in spheres]
        panel.plot([edges[s] for s in spheres], found, "o-", color=colour, label=model, ms=4)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("mean edge (icospheres 5 to 2)")
    panel.set_title(f"anisotropy of order {order}, harmonic of degree 6", fontsize=10)
    if order == 1:  # the colours are the same
        panel.legend(frameon=False, fontsize=7)


def by_surface(panel: Any, numbers: Sequence[Number]) -> None:
    """Anisotropy on every surface, a group of bars each."""
    names = [*SURFACES, *OPEN]
    for i, model in enumerate(BARS):
        found = [number(numbers, model, f"{s}, wavelength 2", "anisotropy_order1") for s in names]
        places = np.arange(len(names)) + 0.2 * (i - 1.5)
        panel.bar(places, found, 0.19, color=COLOURS[model], label=model)
    labels = [name.replace("_", "\n").replace(" ", "\n") for name in names]
    panel.set_xticks(range(len(names)), labels, fontsize=6)
    panel.set_yscale("log")
    panel.set_title("anisotropy of order 1, waves of length 2", fontsize=10)
    panel.legend(frameon=False, fontsize=7)


def accuracy_lost(panel: Any, numbers: Sequence[Number]) -> None:
    """Unrotated less rotated accuracy; a dot for each seed."""
    lost = losses(numbers)
    for i, (model, values) in enumerate(lost.items()):
        panel.barh(i, np.mean(values), color=COLOURS[model])
        panel.plot(values, [i] * len(values), "k.", ms=4)
    panel.set_yticks(range(len(lost)), list(lost), fontsize=8)
    panel.invert_yaxis()
    panel.set_xlabel("points")
    panel.set_title("accuracy lost under rotation, embedded digits", fontsize=10)


def losses(numbers: Sequence[Number]) -> dict[str, list[float]]:
    """Accuracy lost, by kernel, one number a seed."""
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for found in numbers:
        if found.labels["metric"] == "accuracy":
            seeds = scores.setdefault(found.labels["model"], {})
            seeds.setdefault(found.labels["seed"], {})[found.labels["condition"]] = found.value
    return {
        model: [found["unrotated"] - found["rotated"] for found in seeds.values()]
        for model, seeds in scores.items()
    }


def number(numbers: Sequence[Number], model: str, condition: str, metric: str) -> float:
    """One number of the table."""
    wanted = {"model": model, "test_condition": condition, "metric": metric}
    return next(found.value for found in numbers if fits(found.labels, wanted))
