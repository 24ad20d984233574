"""The figure of the study: errors of one nonlinearity, and what a network loses when it turns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gaugecnn.training.files import write_bytes_atomically

SHOWN = "degrees below 16, all orders"
COLOURS = {
    "relu": "#d1495b",
    "gelu": "#edae49",
    "tanh": "#66a182",
    "softplus": "#00798c",
    "square": "#8d99ae",
}
FLOOR = 1e-6


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Left: error against sampling, a line a function. Right: accuracies, a pair a network."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for name, colour in COLOURS.items():
        points = [
            (float(row["test_condition"].partition("=")[2]), max(float(row["value"]), FLOOR))
            for row in rows
            if row["model"] == SHOWN
            and row["metric"] == "equivariance_error_mean"
            and row["test_condition"].startswith(f"{name},")
        ]
        label = "x + x²/2" if name == "square" else name
        left.plot(*zip(*points, strict=True), "o-", color=colour, label=label, markersize=4)
    left.set_yscale("log")
    left.set_ylim(FLOOR / 2, 1)
    left.set_xlabel("bandwidth of the grid over the degree cut-off")
    left.set_title("error of one nonlinearity under rotations\n(degrees below 16)", fontsize=10)
    left.legend(frameon=False, fontsize=9)

    names = list(dict.fromkeys(row["model"] for row in rows if row["metric"] == "accuracy"))
    for i, (condition, colour) in enumerate((("unrotated", "#9db4c0"), ("rotated", "#d1495b"))):
        values = [
            next(
                float(row["value"])
                for row in rows
                if row["model"] == name and row["test_condition"] == condition
            )
            for name in names
        ]
        places = [k + 0.4 * (i - 0.5) for k in range(len(names))]
        right.bar_label(right.bar(places, values, 0.38, color=colour, label=condition), fmt="%.1f",
                        fontsize=8)  # fmt: skip
    labels = [re.sub(r"small, (\w+), sampling=", r"\1\n", name) for name in names]
    right.set_xticks(range(len(names)), labels)
    right.set_ylim(50, 105)
    right.set_title("accuracy (%) after training on unrotated digits", fontsize=10)
    right.legend(frameon=False, loc="upper right", title="test images", ncols=2)
    for panel in (left, right):
        panel.spines[["top", "right"]].set_visible(False)
    write_bytes_atomically(path, lambda file: figure.savefig(file, dpi=150, format="png"))
