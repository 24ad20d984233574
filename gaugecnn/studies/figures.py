"""Figures of a study: bars or lines of means over seeds with their range, or a function's own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from matplotlib.figure import Figure as Canvas

from gaugecnn.callables import current_directory_importable, find_callable
from gaugecnn.errors import UserError
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.plan import PlannedRun
from gaugecnn.studies.shown import Figure, FigureKind
from gaugecnn.studies.specification import Study
from gaugecnn.studies.spread import Names, Spread, chosen, grouped

COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#d1495b", "#8a8a8a", "#edae49", "#76b7b2", "#b07aa1")
WIDTH, HEIGHT = 3.4, 3.4
"""Inches of a panel."""
CHARACTERS = 55
"""Of names below a panel that stand side by side, and of labels in a line below all of them."""
TITLE_CHARACTERS = 36
"""Of a line above a panel."""
IN_A_ROW = 3
"""Panels that stand side by side; more of them make a square."""


@dataclass(frozen=True)
class Answer:
    """What a study has found out so far.

    Args:
        study: the question.
        runs: those that are trained, with their directories, in the order of the plan.
        numbers: all that there are.
    """

    study: Study
    runs: Sequence[PlannedRun]
    numbers: Sequence[Number]


def draw(figure: Figure, answer: Answer, key: str) -> Canvas:
    """A figure of matplotlib.

    Args:
        figure: what is asked for.
        answer: what is known.
        key: where the figure is said, for messages.

    Raises:
        UserError: several numbers of one seed in one place, or a function that gives no figure.
    """
    if figure.function is not None:
        return _drawn_by(figure.function, answer, f"{key}.function")
    asked = (*figure.panels, *figure.x, *figure.series)
    numbers = chosen(answer.numbers, figure.where)
    found = grouped(numbers, asked, key)
    panels = list(dict.fromkeys(names[: len(figure.panels)] for names in found))
    series = list(dict.fromkeys(names[len(figure.panels) + len(figure.x) :] for names in found))
    count = max(1, len(panels))
    columns = count if count <= IN_A_ROW else math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas = Canvas(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained", dpi=150)
    titles = [figure.y_title or metrics_of(numbers, figure, panel) for panel in panels]
    same = len(set(titles)) == 1  # what is measured alike is drawn alike
    grid = canvas.subplots(rows, columns, squeeze=False, sharey=same).flatten()
    for axes in grid[count:]:
        axes.remove()
    for axes, panel, title in zip(grid, panels, titles, strict=False):
        size = len(panel)
        inside = {names[size:]: s for names, s in found.items() if names[:size] == panel}
        _panel(axes, figure, inside, series)
        axes.set_title(", ".join(panel), fontsize=10)
        axes.set_xlabel(figure.x_title)
        if not same or axes.get_subplotspec().is_first_col():
            axes.set_ylabel(title)
        axes.spines[["top", "right"]].set_visible(False)
    if figure.series:
        labelled = [axes.get_legend_handles_labels() for axes in canvas.axes]
        every = {name: line for panel in labelled for line, name in zip(*panel, strict=True)}
        label = max(map(len, every), default=0) + 6  # the sign before it, and the space behind
        beside = max(1, min(4, CHARACTERS * columns // label))
        place: Any = {"loc": "outside lower center", "frameon": False, "fontsize": 8}
        canvas.legend(every.values(), every.keys(), ncols=beside, **place)
    canvas.suptitle(fill(figure.title, TITLE_CHARACTERS * columns), fontsize=11)
    return canvas


def _drawn_by(function: str, answer: Answer, key: str) -> Canvas:
    with current_directory_importable():
        canvas = find_callable(function, key)(answer)
    if not isinstance(canvas, Canvas):
        raise UserError(f"{key}={function}: expected a figure of matplotlib, got {type(canvas)}")
    return canvas


def metrics_of(numbers: Sequence[Number], figure: Figure, panel: Names) -> str:
    """The metrics that are drawn in a panel, for its vertical axis."""
    labels = list(zip(figure.panels, panel, strict=True))
    here = [n for n in numbers if all(n.labels.get(k, "") == v for k, v in labels)]
    return ", ".join(dict.fromkeys(n.labels["metric"].replace("_", " ") for n in here))


def _panel(
    axes: Any, figure: Figure, found: Mapping[Names, Spread], every: Sequence[Names]
) -> None:
    """One panel: `found` by the values of x, then of series; colours are those of all panels."""
    size = len(figure.x)
    places = list(dict.fromkeys(names[:size] for names in found))
    series = list(dict.fromkeys(names[size:] for names in found))
    for i, name in enumerate(series):
        there = [place for place in places if place + name in found]
        spreads = [found[place + name] for place in there]
        colour, label = COLOURS[every.index(name) % len(COLOURS)], ", ".join(name)
        if figure.kind is FigureKind.bars:
            width = 0.8 / len(series)
            at = [places.index(place) + width * (i - (len(series) - 1) / 2) for place in there]
            ranges = [
                [s.mean - s.least for s in spreads], [s.greatest - s.mean for s in spreads]
            ]  # fmt: skip
            bars = axes.bar(at, [s.mean for s in spreads], 0.95 * width, color=colour, yerr=ranges)
            bars.set_label(label)  # as an argument, matplotlib gives it to the errors too
        else:
            at = _numeric(places, there)
            (line,) = axes.plot(at, [s.mean for s in spreads], "o-", markersize=3, color=colour)
            line.set_label(label)
            edges = [s.least for s in spreads], [s.greatest for s in spreads]
            axes.fill_between(at, *edges, color=colour, alpha=0.25, linewidth=0)
    if figure.kind is FigureKind.bars or not are_numbers(places):
        ticks = [", ".join(place) for place in places]
        slanted: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        crowded = len(ticks) * max(map(len, ticks)) > CHARACTERS
        axes.set_xticks(range(len(places)), ticks, fontsize=8, **(slanted if crowded else {}))
    elif figure.logarithmic:
        axes.set_xscale("log")
    elif all(number.is_integer() for number in _numeric(places, places)):
        axes.xaxis.get_major_locator().set_params(integer=True)  # there are no half digits


def _numeric(places: Sequence[Names], there: Sequence[Names]) -> list[float]:
    """Where places are along the axis: at their numbers, or one after another."""
    if are_numbers(places):
        return [float(place[0]) for place in there]
    return [float(places.index(place)) for place in there]


def are_numbers(places: Sequence[Names]) -> bool:
    """Whether places have an order and distances of their own."""
    try:
        return all(len(place) == 1 and float(place[0]) is not None for place in places)
    except ValueError:
        return False
