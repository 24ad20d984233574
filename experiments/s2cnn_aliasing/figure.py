"""The figures: errors of one nonlinearity, and of each stage of a trained network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gaugecnn.studies.figures import Answer
from gaugecnn.studies.numbers import Number

SHOWN = "degrees below 16, all orders"
COLOURS = {
    "relu": "#d1495b",
    "gelu": "#edae49",
    "tanh": "#66a182",
    "softplus": "#00798c",
    "product": "#8d99ae",
}
FLOOR = 1e-6
ALL = "all stages"
STAGE_COLOURS = ("#d1495b", "#edae49", "#66a182", "#00798c", "#8d99ae", "#5c4d7d")


def block(answer: Answer) -> Any:
    """The error of one nonlinearity under rotations against the bandwidth of its grid."""
    found = [
        number
        for number in answer.numbers
        if (number.labels["model"], number.labels["metric"]) == (SHOWN, "equivariance_error_mean")
    ]
    return _curves(found, COLOURS, "error of one nonlinearity under rotations (degrees below 16)")


def stages(answer: Answer) -> Any:
    """The error of a trained network's logits against the bandwidth of the grid of one stage."""
    found = [n for n in answer.numbers if n.labels["metric"] == "logit_error_mean"]
    conditions = [n.labels["test_condition"].partition(",")[0] for n in found]
    names = dict.fromkeys(name for name in conditions if name.startswith("stage "))
    colours = {**dict(zip(names, STAGE_COLOURS, strict=False)), ALL: "black"}
    return _curves(found, colours, "error of the logits (the grid of one stage varied)")


def _curves(numbers: Sequence[Number], colours: dict[str, str], title: str) -> Any:
    """A line for each name with which conditions ``NAME, sampling=FACTOR`` begin."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, colour in colours.items():
        points = [
            (float(n.labels["test_condition"].partition("=")[2]), max(n.value, FLOOR))
            for n in numbers
            if n.labels["test_condition"].startswith(f"{name},")
        ]
        if points:
            factors, errors = zip(*points, strict=True)
            axes.plot(factors, errors, "o-", color=colour, label=name, markersize=4)
    axes.set(yscale="log", xlabel="bandwidth of the grid over the degree cut-off", title=title)
    axes.title.set_fontsize(10)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False, fontsize=9)
    return figure
