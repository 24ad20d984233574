"""Geometry of meshes: what discs cost, how exact they are, and that nothing else matters.

Prints what was asked beside what was measured, and writes ``results.csv`` and ``figure.png``.

    python experiments/geometry/geometry.py --data DATA       # all parts
    python experiments/geometry/geometry.py cost exactness    # some of them
    python experiments/geometry/geometry.py before            # the old cost, 6 minutes

DATA holds ``RNA/off``, molecular surfaces of a published benchmark; without it they are left out.
"""

from __future__ import annotations

import argparse
import csv
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import before
import cost
import exactness
import independence
import torch
from figure import draw
from rich.console import Console
from rich.table import Table

from gaugecnn.errors import GaugecnnWarning
from gaugecnn.records.files import write_csv
from gaugecnn.records.provenance import commit, device_name
from gaugecnn.records.results import Result

HERE = Path(__file__).parent
MESHES = HERE.parents[1] / "meshes"
PARTS = ("cost", "exactness", "independence")

# (model, test condition begins with, metric, at most)
LIMITS = [
    ("discs", "10242 vertices", "discs_s", 2.0),
    ("discs", "40962 vertices", "discs_s", 8.0),
    ("discs", "163842 vertices", "discs_s", 40.0),
    ("discs", "163842 vertices", "peak_memory_mb", 4096.0),
    ("gauge_72k", "torus.ply", "cold_start_s", 5.0),
    ("discs", "", "distance_error_max", 1e-9),
    ("discs", "", "direction_error_q99", 1e-6),
    ("discs", "2.3 edges", "shadow_distance_error_q99", 0.01),
    ("discs", "2.3 edges", "shadow_direction_error_q99", 0.01745),
    ("discs", "1.0", "shadow_distance_error_q99", 0.03),
    ("discs", "1.0", "shadow_direction_error_q99", 0.05236),
    ("gauge", "", "frame_change_float64", 1e-10),
    ("gauge", "", "frame_change_float32", 5e-5),
    ("gauge", "", "logit_change_float64", 1e-5),
    ("gauge", "", "logit_change_float32", 1e-4),
]

Row = tuple[str, str, str, str, float]
"""Model, task, test condition, metric, value."""


def cost_rows(data: Path | None) -> Iterator[Row]:
    """Seconds and memory by size, and a network's cold start."""
    for level in cost.LEVELS:
        found = cost.measured(level)
        where = f"{found.pop('vertices')} vertices, stretched icosphere"
        for metric, value in found.items():
            yield "discs", "-", where, metric, value
    torus = MESHES / "torus.ply"
    yield "gauge_72k", "-", "torus.ply", "cold_start_s", cost.cold_start("gauge_72k", torus)


def exactness_rows(data: Path | None) -> Iterator[Row]:
    """Errors against other programs, by surface and radius."""
    for name, make in exactness.surfaces(data).items():
        for radius, found in exactness.compared(name, make()):
            for metric, value in found.items():
                yield "discs", "-", f"{name}, {radius}", metric, value


def independence_rows(data: Path | None) -> Iterator[Row]:
    """Changes of logits, by surface and by what was changed."""
    surfaces = {path.name: lambda path=path: exactness.load_mesh(path)
                for path in sorted(MESHES.glob("*.ply"))}  # fmt: skip
    surfaces |= {k: v for k, v in exactness.surfaces(data).items() if k.startswith("RNA")}
    for name, make in surfaces.items():
        for task, precision, change, value in independence.dependence(name, *make()):
            what = "frame" if change == "frames turned" else "logit"
            yield "gauge", task, f"{name}, {change}", f"{what}_change_{precision}", value


def before_rows(data: Path | None) -> Iterator[Row]:
    """The cost of the discs of before."""
    for found in before.measured():
        where = f"{found.pop('vertices')} vertices, stretched icosphere"
        for metric, value in found.items():
            yield "discs of 338f19e", "-", where, metric, value


MEASURE = {
    "cost": cost_rows, "exactness": exactness_rows, "independence": independence_rows,
    "before": before_rows,
}  # fmt: skip


def claims(rows: list[dict[str, str]], console: Console) -> bool:
    """What was asked beside the largest that was measured; whether all of it holds."""
    table = Table("what", "where", title="asked and measured", title_justify="left")
    for name in ("at most", "measured", "largest at"):
        table.add_column(name)
    missed = 0
    for model, where, metric, limit in LIMITS:
        parts = [
            (float(row["value"]), row["test_condition"])
            for row in rows
            if row["model"] == model and row["metric"] == metric and where in row["test_condition"]
        ]
        if not parts:
            continue
        value, place = max(parts)
        missed += value > limit
        style = "red" if value > limit else ""
        shown = (metric, where or "everywhere", f"{limit:.3g}", f"{value:.3g}", place)
        table.add_row(*shown, style=style)
    console.print(table)
    return not missed


def draw_figure(rows: list[dict[str, str]]) -> None:
    """From the table, whatever part of it was measured now."""
    seconds: dict[str, list[tuple[int, float]]] = {}
    errors: dict[str, list[float]] = {}
    for row in rows:
        if row["metric"] == "discs_s":
            label = "now" if row["model"] == "discs" else "before"
            size = int(row["test_condition"].split()[0])
            seconds.setdefault(label, []).append((size, float(row["value"])))
        name, _, radius = row["test_condition"].rpartition(", ")
        if radius == "pi / 2" and row["metric"] in ("distance_error_max", "direction_error_max"):
            errors.setdefault(name, []).append(float(row["value"]))
    draw(seconds, {name: (pair[0], pair[1]) for name, pair in errors.items()}, HERE / "figure.png")


def main() -> int:
    """Measure, print, write; 1 when something asked for is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=(*MEASURE, []), default=list(PARTS))
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    warnings.simplefilter("ignore", GaugecnnWarning)  # the surfaces of RNA are mended
    torch.set_num_threads(1)
    path, console = HERE / "results.csv", Console()
    for part in args.parts:
        command = f"python experiments/geometry/geometry.py {part}"
        command += " --data DATA" if args.data else ""
        rows = [
            Result(
                model=model,
                task=task,
                test_condition=where,
                metric=metric,
                value=f"{value:.4g}",
                device=device_name(torch.device("cpu")),
                dtype="float32" if metric.endswith("float32") else "float64",
                commit=before.COMMIT if part == "before" else commit(),
                command=command,
            ).row()
            for model, task, where, metric, value in MEASURE[part](args.data)
        ]
        there = list(csv.DictReader(path.open(newline=""))) if path.exists() else []
        kept = [row for row in there if row["command"].split()[2] != part]
        write_csv(path, kept + rows)
        console.print(f"{part}: {len(rows)} numbers in {path.name}")
    written = list(csv.DictReader(path.open(newline="")))
    draw_figure(written)
    return 0 if claims(written, console) else 1


if __name__ == "__main__":
    sys.exit(main())
