"""The figure: what discs cost against vertices and, where it was measured, how exact they are."""

from __future__ import annotations

from typing import Any

from gaugecnn.studies.figures import Answer
from gaugecnn.studies.numbers import Number

COLOURS = {"discs of 2.3 edges": "#1d6996", "discs of 338f19e": "#d1495b"}
WIDEST = "discs of pi over 2"
ERRORS = {
    "distance_error_max": ("distance, relative", "o", 1e-9),
    "direction_error_max": ("direction, rad", "x", 1e-6),
}
"""By metric the label, the marker, and what was asked."""


def draw(answer: Answer) -> Any:
    """Processor seconds by vertices and, if known, errors of straight ways by surface."""
    from matplotlib.figure import Figure

    named = [(n.labels["model"], n.labels["metric"], n) for n in answer.numbers]
    panels = 1 + ((WIDEST, "distance_error_max") in [(name, metric) for name, metric, _ in named])
    figure = Figure(figsize=(5 * panels, 4.2), layout="constrained")
    cost, *others = figure.subplots(1, panels, squeeze=False)[0]
    for model, colour in COLOURS.items():
        found = [n for name, metric, n in named if (name, metric) == (model, "discs_s")]
        sizes = [int(n.labels["condition"].split()[0].replace(",", "")) for n in found]
        values = [n.value for n in found]
        if found:
            cost.loglog(sizes, values, "o-", color=colour, label=model)
    cost.set(xlabel="vertices", ylabel="processor seconds")
    cost.set_title("discs around every vertex", fontsize=9, loc="left")
    if cost.lines:
        cost.legend(frameon=False, fontsize=8)
    for exact in others:
        _draw_errors(exact, named)
    for panel in (cost, *others):
        panel.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_errors(exact: Any, named: list[tuple[str, str, Number]]) -> None:
    for i, (metric, (label, marker, limit)) in enumerate(ERRORS.items()):
        found = [n for name, other, n in named if (name, other) == (WIDEST, metric)]
        values = [max(n.value, 1e-17) for n in found]
        surfaces = [n.labels["condition"] for n in found]
        exact.semilogx(values, surfaces, marker, label=label, color=f"C{i}")
        exact.axvline(limit, color=f"C{i}", lw=0.5)
    exact.invert_yaxis()
    exact.tick_params(axis="y", labelsize=7)
    exact.set_title("largest error of straight ways up to pi over 2", fontsize=9, loc="left")
    exact.legend(frameon=False, fontsize=7)
