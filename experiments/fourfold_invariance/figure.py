"""Polar plots: how far the logits of each digit move as it turns, one curve a network."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from gaugecnn.studies.figures import Answer

COLOURS = ("#d1495b", "#8a8a8a", "#4e79a7", "#edae49", "#2a9d8f")


def draw(answer: Answer) -> Figure:
    """A panel a digit; the radius is the mean change over seeds.

    Args:
        answer: of the study.
    """
    changes: dict[tuple[str, int], dict[int, list[float]]] = {}  # by network and digit, by angle
    for number in answer.numbers:
        if number.labels["metric"] == "change":
            _, digit, _, _, angle, _ = number.labels["test_condition"].split()
            of_angle = changes.setdefault((number.labels["network"], int(digit)), {})
            of_angle.setdefault(int(angle), []).append(number.value)
    figure = Figure(figsize=(16, 7), layout="constrained", dpi=130)
    panels = figure.subplots(2, 5, subplot_kw={"projection": "polar"})
    for digit, axes in enumerate(panels.flat):
        for network, colour in zip(answer.study.grid["network"], COLOURS, strict=True):
            of_angle = changes.get((network, digit), {})
            angles = [*of_angle, *list(of_angle)[:1]]
            radius = [np.mean(of_angle[angle]) for angle in angles]
            axes.plot(np.deg2rad(angles), radius, color=colour, label=network, linewidth=1.4)
        axes.set_title(f"digit {digit}", fontsize=10)
        axes.set_xticks(np.deg2rad(np.arange(0, 360, 90)))
        axes.tick_params(labelsize=7)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure
