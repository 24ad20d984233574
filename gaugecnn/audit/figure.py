"""Error against depth: one line a symmetry, layers as they are called, on a log scale."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import fill

from gaugecnn.audit.rows import Audit
from gaugecnn.files import write_bytes_atomically

LEAST = 1e-4
"""What stands for smaller errors on a log scale, over the errors that are rounding."""
MARKS = "osD^v<>Pp*hX"


def save_figure(audit: Audit, path: Path) -> None:
    """Draw the largest error of every layer; the whole network at the right end.

    Filled marks are layers that were measured alone, hollow ones errors that have gathered.

    Args:
        audit: what was found.
        path: a .png, replaced when it exists.
    """
    from matplotlib.figure import Figure

    rounding = min(row.rounding for row in audit.rows)
    layers = list(dict.fromkeys(row.layer for row in audit.rows if row.layer))
    places = {name: i for i, name in enumerate([*layers, ""])}
    figure = Figure(figsize=(max(7.0, 0.22 * len(places) + 3), 5.5), dpi=160, layout="constrained")
    axes = figure.subplots()
    for i, symmetry in enumerate(audit.symmetries):
        rows = sorted(audit.of(symmetry), key=lambda row: places[row.layer])
        rows = [row for row in rows if math.isfinite(row.maximum)]
        at = [places[row.layer] for row in rows]
        errors = [max(row.maximum, LEAST * rounding) for row in rows]
        hollow = any(row.gathered for row in rows)
        axes.plot(
            at,
            errors,
            f"{MARKS[i % len(MARKS)]}-",
            label=symmetry,
            markersize=4,
            linewidth=0.8,
            markerfacecolor="white" if hollow else None,
        )
    axes.axhline(rounding, color="grey", linewidth=0.8, ls=":")
    axes.set_yscale("log")
    axes.set_ylabel("relative error, the largest")
    axes.set_xticks(range(len(places)), [*layers, "the network"], rotation=90, fontsize=6)
    axes.set_title(fill(audit.title, 90), fontsize=9, parse_math=False)
    figure.legend(loc="outside lower center", ncols=3, fontsize=7)
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png"))
