"""The figure: unrotated and rotated scores on every surface, one panel a task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaugecnn.files import write_bytes_atomically

COLOURS = {"unrotated": "#9db4c0", "rotated": "#d1495b"}


def draw(
    summaries: Mapping[str, Any],
    metrics: Mapping[str, str],
    small: Mapping[str, float],
    path: Path,
) -> None:
    """Two bars a surface, from the summaries of the runs by task.

    Args:
        summaries: of the runs, by task.
        metrics: what is drawn, by task.
        small: accuracy on the sphere with images as small as on a surface, by its name.
        path: of the figure.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(
        len(summaries), figsize=(9, 3.4 * len(summaries)), layout="constrained", squeeze=False
    )
    for panel, (task, summary) in zip(panels[:, 0], summaries.items(), strict=True):
        tests = summary["test"]
        places = [c.removesuffix("unrotated") for c in tests if c.endswith("unrotated")]
        for i, (condition, colour) in enumerate(COLOURS.items()):
            values = [tests[place + condition][metrics[task]] for place in places]
            at = [k + 0.4 * (i - 0.5) for k in range(len(places))]
            bars = panel.bar(at, values, 0.38, color=colour, label=condition)
            panel.bar_label(bars, fmt="%.1f", fontsize=7, padding=1)
        names = [place.rstrip("/").split(",")[0] or "icosphere4" for place in places]
        if metrics[task] == "accuracy":
            at = [k + 0.2 for k, name in enumerate(names) if name in small]
            values = [small[name] for name in names if name in small]
            label = "rotated, on the sphere, images as small"
            panel.scatter(at, values, 160, "k", marker="_", label=label)
        panel.set_xticks(range(len(places)), [name.replace("_", "\n") for name in names])
        panel.set(ylim=(0, 108), ylabel=metrics[task].replace("_", " ") + " in %")
        seen = "trained on unrotated digits on the first, tested on all without retraining"
        panel.set_title(f"{summary['model']}, {task}: {seen}", fontsize=9, loc="left")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0, 0].legend(frameon=False, loc=(0.57, 0.5), fontsize=8)
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png", dpi=130))
    plt.close(figure)
