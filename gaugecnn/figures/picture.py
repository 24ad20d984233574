"""Pictures in a PNG file: one row a sample, every surface from two sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gaugecnn.figures.projection import View, front, views
from gaugecnn.figures.sample import (
    BACKGROUND,
    Floats,
    Sample,
    class_colours,
    field_colours,
    ink,
    mask_colours,
)
from gaugecnn.files import write_bytes_atomically
from gaugecnn.surfaces.domain import Domain

if TYPE_CHECKING:  # an extra: networks need no figures
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_INCHES = 1.9
HEADER_INCHES = 0.5
LEGEND_INCHES = 0.4
DOTS_PER_INCH = 160
LEGEND_LIMIT = 20
"""More classes than this have no legend: nobody could tell their hues apart."""

Drawer = Callable[["Axes"], object]


def save_png(
    path: Path, domain: Domain, samples: Sequence[Sample], classes: int, title: str
) -> None:
    """Draw samples on a domain: image, signal, masks where there are some, and the prediction.

    Args:
        path: the file, replaced when it exists.
        domain: where the samples live.
        samples: one row each; all with the same parts.
        classes: how many classes there are, background left out.
        title: above the figure.
    """
    from matplotlib.figure import Figure

    rows = []
    seen: dict[bytes, dict[str, View]] = {}  # unrotated samples share their views
    for sample in samples:
        axes = front(domain, sample.grey)
        key = axes.tobytes()
        if key not in seen:
            seen[key] = views(domain, axes)
        rows.append(_panels(sample, seen[key], classes))
    columns = len(rows[0])
    legend = any(s.mask is not None or s.predicted_mask is not None for s in samples)
    legend = legend and classes <= LEGEND_LIMIT
    width, height = PANEL_INCHES * columns, PANEL_INCHES * len(rows)
    extra = HEADER_INCHES + LEGEND_INCHES * legend
    figure = Figure(figsize=(width, height + extra), dpi=DOTS_PER_INCH)
    grid = figure.subplots(
        len(rows),
        columns,
        squeeze=False,
        gridspec_kw={
            "left": 0.01,
            "right": 0.99,
            "top": 1 - HEADER_INCHES / (height + extra),
            "bottom": LEGEND_INCHES * legend / (height + extra),
            "wspace": 0.04,
            "hspace": 0.04,
        },
    )
    for i, row in enumerate(rows):
        for axes, (name, draw) in zip(grid[i], row, strict=True):
            axes.set_axis_off()
            draw(axes)
            if i == 0:
                axes.set_title(name, fontsize=8, pad=3)
    top = 1 - 0.08 / (height + extra)
    figure.suptitle(title, fontsize=10, y=top, va="top", parse_math=False)  # $ in a file's name
    if legend:
        _legend(figure, classes, samples[0].unmarked)
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png"))


def _panels(sample: Sample, sides: dict[str, View], classes: int) -> list[tuple[str, Drawer]]:
    """What stands in one row, from left to right: a name and how to draw it."""

    def picture(colours: Floats) -> Drawer:
        return lambda axes: axes.imshow(colours, interpolation="nearest")

    def both(name: str, colours: Floats) -> list[tuple[str, Drawer]]:
        flat = colours.reshape(-1, 3)  # (*points, RGB) -> (point, RGB)
        names = {side: f"{name}, {side}" if side else name for side in sides}
        return [(names[side], picture(view.paint(flat))) for side, view in sides.items()]

    panels: list[tuple[str, Drawer]] = []
    kind = "" if sample.label is None else f" of class {sample.label}"
    if sample.image is not None:
        panels.append((f"image{kind}", picture(ink(sample.image))))
        kind = ""
    panels += both(f"signal{kind}", ink(sample.signal))
    if sample.mask is not None:
        panels += both("mask", mask_colours(sample.mask, classes))
    if sample.predicted_mask is not None:
        panels += both("prediction", mask_colours(sample.predicted_mask, classes))
    for name, field in sample.fields.items():
        panels += both(name, field_colours(sample, field))
    if sample.numbers is not None or sample.predicted_numbers is not None:
        panels.append(("numbers", lambda axes: _numbers(axes, sample)))
    if sample.probabilities is not None:
        panels.append(("prediction", lambda axes: _bars(axes, sample)))
    return panels


def _bars(axes: Axes, sample: Sample) -> None:
    """The probabilities of a classifier's classes, of the likeliest ten where there are more."""
    assert sample.probabilities is not None
    values = sample.probabilities.double().cpu()
    likeliest = int(values.argmax())
    shown = sorted(values.argsort(descending=True, stable=True)[:10].tolist())
    for place, label in enumerate(shown):
        height = float(values[label])
        colour = "#333333" if label == likeliest else "#b8b8b8"
        axes.bar(place, height, color=colour)
        axes.text(place, -0.03, str(label), ha="center", va="top", fontsize=7)
        if label == likeliest:
            axes.text(place, height + 0.02, f"{height:.0%}", ha="center", fontsize=7)
    axes.axhline(0, color="#333333", linewidth=0.8)
    axes.set_ylim(-0.2, 1.15)


def _numbers(axes: Axes, sample: Sample) -> None:
    """The true and the predicted numbers of a regression, the first ten where there are more."""
    columns = {"target": sample.numbers, "prediction": sample.predicted_numbers}
    there = {name: values for name, values in columns.items() if values is not None}
    for column, (name, values) in enumerate(there.items()):
        lines = [name, *(f"{value:.4g}" for value in values.flatten().tolist()[:10])]
        axes.text(0.5 * column + 0.05, 0.95, "\n".join(lines), ha="left", va="top", fontsize=7)


def _legend(figure: Figure, classes: int, unmarked: str) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=BACKGROUND, label=unmarked)]
    handles += [
        Patch(color=(c[0], c[1], c[2]), label=str(i)) for i, c in enumerate(class_colours(classes))
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=len(handles),
        fontsize=7,
        frameon=False,
        handlelength=1.0,
        columnspacing=1.2,
    )
