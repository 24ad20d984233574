"""Figures of a study as curves that say their numbers: what plotly draws, one panel each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gaugecnn.studies.figures import COLOURS, are_numbers, metrics_of
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.shown import Figure, FigureKind
from gaugecnn.studies.spread import Names, Spread, chosen, grouped

BAND = 0.2
"""Opacity of what lies between the least and the greatest seed."""
SAID = "%{y:.4~g} (%{customdata[0]:.4~g} to %{customdata[1]:.4~g}, seeds: %{customdata[2]})"
"""What is said of a place under the mouse."""

Trace = dict[str, Any]


class Panel(NamedTuple):
    """One pair of axes.

    Attributes:
        title: above it.
        traces: of plotly.
        layout: of plotly, without colours, which are the page's.
    """

    title: str
    traces: list[Trace]
    layout: dict[str, Any]


class Curves(NamedTuple):
    """A figure.

    Attributes:
        name: of the figure.
        title: above its panels.
        panels: side by side.
    """

    name: str
    title: str
    panels: list[Panel]


def curves(figure: Figure, numbers: Sequence[Number], key: str) -> Curves:
    """A figure of means over seeds with their range.

    Args:
        figure: bars or lines.
        numbers: of the study.
        key: where the figure is said, for messages.

    Raises:
        UserError: several numbers of one seed in one place.
    """
    meant = chosen(numbers, figure.where)
    found = grouped(meant, (*figure.panels, *figure.x, *figure.series), key)
    size, after = len(figure.panels), len(figure.panels) + len(figure.x)
    series = list(dict.fromkeys(names[after:] for names in found))
    panels = []
    for panel in dict.fromkeys(names[:size] for names in found):
        inside = {names[size:]: s for names, s in found.items() if names[:size] == panel}
        y_title = figure.y_title or metrics_of(meant, figure, panel)
        panels.append(Panel(", ".join(panel), *_panel(figure, inside, series, y_title)))
    return Curves(figure.name, figure.title, panels)


def _panel(
    figure: Figure, found: Mapping[Names, Spread], every: Sequence[Names], y_title: str
) -> tuple[list[Trace], dict[str, Any]]:
    """Traces and layout of one panel; a series has the same colour in all panels."""
    size = len(figure.x)
    places = list(dict.fromkeys(names[:size] for names in found))
    traces: list[Trace] = []
    for name in dict.fromkeys(names[size:] for names in found):
        there = [place for place in places if place + name in found]
        spreads = [found[place + name] for place in there]
        at: list[Any] = [", ".join(place) for place in there]
        if figure.kind is FigureKind.lines and are_numbers(places):
            at = [float(place[0]) for place in there]
        colour = COLOURS[every.index(name) % len(COLOURS)]
        draw = _bars if figure.kind is FigureKind.bars else _line
        traces += draw(", ".join(name), at, spreads, colour)
    x_axis: dict[str, Any] = {"title": {"text": figure.x_title}}
    if figure.kind is FigureKind.bars or not are_numbers(places):
        x_axis |= {"type": "category", "categoryarray": [", ".join(place) for place in places]}
    elif figure.logarithmic:
        x_axis["type"] = "log"
    layout: dict[str, Any] = {
        "xaxis": x_axis,
        "yaxis": {"title": {"text": y_title}},
        "showlegend": bool(figure.series),
    }
    return traces, layout


def _told(spreads: Sequence[Spread]) -> Trace:
    """Means, and the range that is said of each."""
    told = [[finite(s.least), finite(s.greatest), s.seeds] for s in spreads]
    return {"y": [finite(s.mean) for s in spreads], "customdata": told, "hovertemplate": SAID}


def _bars(name: str, at: list[Any], spreads: Sequence[Spread], colour: str) -> list[Trace]:
    error: Trace = {
        "type": "data",
        "symmetric": False,
        "array": [finite(s.greatest - s.mean) for s in spreads],
        "arrayminus": [finite(s.mean - s.least) for s in spreads],
        "thickness": 1.2,
    }
    bar: Trace = {"type": "bar", "name": name, "x": at, "marker": {"color": colour}}
    return [{**bar, "error_y": error, **_told(spreads)}]


def _line(name: str, at: list[Any], spreads: Sequence[Spread], colour: str) -> list[Trace]:
    """The band between the least and the greatest seed, and the line of means on it."""
    line: Trace = {"type": "scatter", "name": name, "legendgroup": name, "x": at}
    edge: Trace = {**line, "mode": "lines", "line": {"width": 0}}
    edge |= {"showlegend": False, "hoverinfo": "skip"}
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    fill: Trace = {"fill": "tonexty", "fillcolor": f"rgba({red},{green},{blue},{BAND})"}
    mean: Trace = {**line, "mode": "lines+markers", "line": {"color": colour, "width": 2}}
    mean |= {"marker": {"color": colour, "size": 6}}
    return [
        {**edge, "y": [finite(s.least) for s in spreads]},
        {**edge, **fill, "y": [finite(s.greatest) for s in spreads]},
        {**mean, **_told(spreads)},
    ]


def finite(value: float) -> float | None:
    """A number as JSON can hold it: what is none leaves a gap."""
    return value if math.isfinite(value) else None
