"""The figure: what discs cost against vertices, and how exact they are on every surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gaugecnn.files import write_bytes_atomically

COLOURS = {"now": "#1d6996", "before": "#d1495b"}


def draw(
    seconds: Mapping[str, Sequence[tuple[int, float]]],
    errors: Mapping[str, tuple[float, float]],
    path: Path,
) -> None:
    """Two panels.

    Args:
        seconds: of processor, as (vertices, seconds), now and before.
        errors: of each surface, of distances and of directions where ways are straight.
        path: of the figure.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (cost, exact) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for label, points in seconds.items():
        vertices, values = zip(*sorted(points), strict=True)
        cost.loglog(vertices, values, "o-", color=COLOURS[label], label=label)
    cost.set(xlabel="vertices", ylabel="processor seconds")
    cost.set_title("discs of 2.3 edges around every vertex", fontsize=9, loc="left")
    cost.legend(frameon=False, fontsize=8)
    names = list(errors)
    for i, (label, marker) in enumerate((("distance, relative", "o"), ("direction, rad", "x"))):
        values = [max(errors[name][i], 1e-17) for name in names]
        exact.semilogx(values, range(len(names)), marker, label=label, color=f"C{i}")
    exact.set_yticks(range(len(names)), names, fontsize=7)
    exact.invert_yaxis()
    exact.axvline(1e-9, color="C0", lw=0.5)
    exact.axvline(1e-6, color="C1", lw=0.5)
    exact.set_title("largest error of straight ways up to pi / 2", fontsize=9, loc="left")
    exact.legend(frameon=False, fontsize=7)
    for panel in (cost, exact):
        panel.spines[["top", "right"]].set_visible(False)
    write_bytes_atomically(path, lambda file: figure.savefig(file, format="png", dpi=130))
    plt.close(figure)
