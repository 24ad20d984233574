"""Polar plots: how far the logits of each digit move as it turns, one curve a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from gaugecnn.files import write_bytes_atomically

COLOURS = ("#d1495b", "#8a8a8a", "#4e79a7", "#edae49", "#2a9d8f")


def draw(
    angles: np.ndarray[Any, Any],
    moved: Mapping[str, Sequence[np.ndarray[Any, Any]]],
    path: Path,
) -> None:
    """A panel a digit; the radius is the mean change over seeds.

    Args:
        angles: in degrees ``(angle,)``.
        moved: the change of the logits ``(digit, angle)``, by network and seed.
        path: of the figure.
    """
    figure = Figure(figsize=(16, 7), layout="constrained", dpi=130)
    panels = figure.subplots(2, 5, subplot_kw={"projection": "polar"})
    around = np.deg2rad(np.append(angles, 360))
    means = {network: np.mean(of_seeds, axis=0) for network, of_seeds in moved.items()}
    for digit, axes in enumerate(panels.flat):
        for (network, mean), colour in zip(means.items(), COLOURS, strict=True):
            radius = np.append(mean[digit], mean[digit, 0])
            axes.plot(around, radius, color=colour, label=network, linewidth=1.4)
        axes.set_title(f"digit {digit}", fontsize=10)
        axes.set_xticks(np.deg2rad(np.arange(0, 360, 90)))
        axes.tick_params(labelsize=7)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png"))
