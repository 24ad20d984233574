"""What a benchmark leaves: a table on the terminal and rows of the pinned long form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from gaugecnn.bench.results import METRICS, Figures, Report
from gaugecnn.bench.variants import BFLOAT16, COMPILED, FLOAT32, NO_COMPILER
from gaugecnn.errors import UserError
from gaugecnn.files import at_home, check_writable
from gaugecnn.records.files import read_csv, write_csv
from gaugecnn.records.results import Result

SHOWN = (
    ("latency, ms", FLOAT32, "latency_ms"),
    ("  per product", FLOAT32, "latency_per_product"),
    ("throughput, 1/s", FLOAT32, "throughput_per_s"),
    ("training step, ms", FLOAT32, "train_step_ms"),
    ("  per product", FLOAT32, "train_step_per_product"),
    ("setup, s", FLOAT32, "setup_s"),
    ("  from cache", FLOAT32, "setup_warm_s"),
    ("peak memory, MB", FLOAT32, "peak_memory_mb"),
    ("  in training", FLOAT32, "train_peak_memory_mb"),
    ("  before building", FLOAT32, "baseline_memory_mb"),
    ("bfloat16, ms", BFLOAT16, "latency_ms"),
    ("  error", BFLOAT16, "output_error"),
    ("compiled, ms", COMPILED, "latency_ms"),
    ("  error", COMPILED, "output_error"),
)
"""Rows of the table: a heading, and which figure it is."""
MEASURED_RATIOS = {"latency_ms": "latency_ratio", "train_step_ms": "train_step_ratio"}
NO_RATIO = ("latency_per_product", "train_step_per_product", "output_error", "baseline_memory_mb")


def csv_rows(report: Report) -> list[dict[str, Any]]:
    """One row per model and number; the pinned columns, then batch and threads."""
    rows = []
    for model in report.measured:
        figures = report.figures(model)
        for dtype, metric in sorted(figures, key=lambda key: (key[0] != FLOAT32, key[0])):
            found = Result(
                model=model.entry.name,
                task=report.plan.task,
                seed=model.entry.config.seed,
                test_condition=f"batch{report.plan.batch}",
                metric=metric,
                value=float(f"{figures[dtype, metric]:.6g}"),
                parameters=model.parameters,
                device=report.device,
                dtype=dtype,
                commit=report.commit,
                command=report.plan.command,
            )
            more = {"batch": report.plan.batch, "threads": report.threads}
            rows.append({**found.row(), **more})
    return rows


def results_file(output: str) -> Path:
    """The file of ``output=``: itself if it is a ``.csv``, else ``results.csv`` in that folder.

    Raises:
        UserError: it cannot be written, or holds results of something else.
    """
    given = at_home(output)
    path = given if given.suffix == ".csv" else given / "results.csv"
    check_writable(path, "output")
    if any(row.get("metric") not in METRICS for row in read_csv(path)):
        raise UserError(f"output={output}: {path} holds other results; give another output")
    return path


def write_results(report: Report, path: Path) -> None:
    """Write the rows, replacing those of an earlier benchmark."""
    write_csv(path, csv_rows(report))


def table(report: Report) -> Table:
    """Figures by model, each with its ratio to the first model's."""
    plan = report.plan
    product = report.figures(report.measured[0])[FLOAT32, "reference_product_ms"]
    shown = Table(
        title=f"{plan.task}, batch {plan.batch}, {report.device}",
        caption=f"Medians of {plan.repeats} rounds, {plan.train_repeats} of training steps "
        "(forward and backward). x: ratio to the first model. "
        f"Product: 2048 x 2048 matrices in float32, {number(product)} ms.",
        caption_justify="left",
    )
    shown.add_column("")
    for model in report.measured:
        heading = model.entry.name.replace(":", ":\n", 1)
        shown.add_column(heading, justify="right", overflow="fold")
    counts = [model.parameters for model in report.measured]
    shown.add_row("parameters", *_with_ratios([f"{n:,}" for n in counts], counts))
    for heading, dtype, metric in SHOWN:
        if dtype != COMPILED or plan.compile:
            shown.add_row(heading, *_cells(report, dtype, metric))
        if (dtype, metric) == (FLOAT32, "latency_ms"):
            shown.add_row("  quartiles", *(_spread(report.figures(m)) for m in report.measured))
    return shown


def reasons(report: Report) -> list[str]:
    """A line for everything that did not run."""
    return [
        f"{model.entry.name}, {what} not measured: {reason}"
        for model in report.measured
        for what, reason in model.missing.items()
    ]


def number(value: float) -> str:
    """Three significant digits, or every digit of a whole number above."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cells(report: Report, dtype: str, metric: str) -> list[str]:
    """A figure of every model and its ratio; or why it is not there."""
    figures = [report.figures(model) for model in report.measured]
    texts = []
    for model, found in zip(report.measured, figures, strict=True):
        none = NO_COMPILER if model.missing.get(dtype) == NO_COMPILER else "-"
        value = found.get((dtype, metric))
        texts.append(none if value is None else number(value))
    if metric in NO_RATIO:
        return texts
    ratio = MEASURED_RATIOS.get(metric)
    if ratio is None:
        return _with_ratios(texts, [found.get((dtype, metric)) for found in figures])
    return _with_ratios(texts, [found.get((dtype, ratio)) for found in figures])


def _with_ratios(texts: list[str], values: Sequence[float | None]) -> list[str]:
    """Texts with the ratio of each value to the first, which has none itself."""
    first = values[0]
    return texts[:1] + [
        f"{text}  x {number(value / first)}" if value is not None and first else text
        for text, value in zip(texts[1:], values[1:], strict=True)
    ]


def _spread(figures: Figures) -> str:
    quartiles = (figures[FLOAT32, f"latency_{q}_ms"] for q in ("q1", "q3"))
    return " - ".join(map(number, quartiles))
