"""The figure of the study: errors of one nonlinearity and of each stage of a trained network, and
what a network loses when it turns.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gaugecnn.files import write_bytes_atomically

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


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """One nonlinearity; the stages of the first trained network, if there is one; accuracies."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    trained = next((r["model"] for r in rows if r["metric"] == "logit_error_mean"), None)
    count = 3 if trained else 2
    figure, panels = plt.subplots(1, count, figsize=(5.5 * count, 4.2), layout="constrained")
    for name, colour in COLOURS.items():
        curve(panels[0], rows, SHOWN, "equivariance_error_mean", name, colour)
    panels[0].set_ylim(FLOOR / 2, 1)
    panels[0].set_title(
        "error of one nonlinearity under rotations\n(degrees below 16)", fontsize=10
    )
    if trained:
        conditions = [row["test_condition"] for row in rows if row["model"] == trained]
        stages = dict.fromkeys(c.partition(",")[0] for c in conditions if c.startswith("stage "))
        for name, colour in zip(stages, STAGE_COLOURS, strict=False):
            curve(panels[1], rows, trained, "logit_error_mean", name, colour)
        curve(panels[1], rows, trained, "logit_error_mean", ALL, "black")
        title = (
            f"error of the logits of {trained.removeprefix('trained ')}\n(one stage's grid varied)"
        )
        panels[1].set_title(title, fontsize=10)
    for panel in panels[:-1]:
        panel.set_yscale("log")
        panel.set_xlabel("bandwidth of the grid over the degree cut-off")
        panel.legend(frameon=False, fontsize=9)
    bars(panels[-1], rows)
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
    write_bytes_atomically(path, lambda file: figure.savefig(file, dpi=150, format="png"))
    plt.close(figure)


def curve(
    panel: Any, rows: list[dict[str, Any]], model: str, metric: str, name: str, colour: str
) -> None:
    """A metric against sampling, of the conditions that begin with a name."""
    points = [
        (float(row["test_condition"].partition("=")[2]), max(float(row["value"]), FLOOR))
        for row in rows
        if row["model"] == model
        and row["metric"] == metric
        and row["test_condition"].startswith(f"{name},")
    ]
    panel.plot(*zip(*points, strict=True), "o-", color=colour, label=name, markersize=4)


def bars(panel: Any, rows: list[dict[str, Any]]) -> None:
    """Accuracies of the small networks and of those trained on all images, a pair each."""
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
        drawn = panel.bar(places, values, 0.38, color=colour, label=condition)
        panel.bar_label(drawn, fmt="%.1f", fontsize=7)
    labels = [re.sub(r"small, (\w+), sampling=", r"\1\n", name) for name in names]
    labels = [re.sub(r"trained (.+)", r"\1\n(all of MNIST)", label) for label in labels]
    panel.set_xticks(range(len(names)), labels, fontsize=8)
    panel.set_ylim(50, 112)
    panel.set_title("accuracy (%) after training on unrotated digits", fontsize=10)
    panel.legend(frameon=False, loc="upper left", title="test images", ncols=2)
