"""What a benchmark has found, and the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from gaugecnn.bench.plan import Entry, Plan
from gaugecnn.bench.timing import median_ratio, quartiles
from gaugecnn.bench.variants import FLOAT32

MS = 1e3
METRICS = (
    *("latency_ms", "latency_q1_ms", "latency_q3_ms", "latency_ratio", "latency_per_product"),
    *("throughput_per_s", "output_error"),
    *("train_step_ms", "train_step_ratio", "train_step_per_product"),
    *("setup_s", "setup_warm_s", "baseline_memory_mb", "peak_memory_mb", "train_peak_memory_mb"),
    "reference_product_ms",
)

Figures = dict[tuple[str, str], float]
"""Values by ``(dtype, metric)``."""


@dataclass
class Measured:
    """One model.

    Args:
        entry: what the user asked for.
        parameters: how many it has.
        footprint: setup seconds and memory, by metric.
        latency: by dtype, seconds of a forward pass in each round.
        training: seconds of a training step in each round.
        output_error: by dtype, the difference from float32.
        missing: by dtype or ``training step``, why there are no numbers.
    """

    entry: Entry
    parameters: int
    footprint: dict[str, float] = field(default_factory=dict)
    latency: dict[str, list[float]] = field(default_factory=dict)
    training: list[float] = field(default_factory=list)
    output_error: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@dataclass
class Report:
    """All models, and where they were measured.

    Args:
        plan: what was asked for.
        measured: the models in the order of the plan.
        product: seconds of the matrix product in each round of forward passes.
        train_product: the same in each round of training steps.
        device: the device in words.
        threads: threads of a CPU.
        commit: the code that was measured.
    """

    plan: Plan
    measured: list[Measured]
    product: list[float]
    train_product: list[float]
    device: str
    threads: int
    commit: str

    def figures(self, model: Measured) -> Figures:
        """Every number of a model; ratios are to the first model in the same dtype."""
        first = self.measured[0]
        found: Figures = {}
        for dtype, seconds in model.latency.items():
            q1, median, q3 = quartiles(seconds)
            values = {
                "latency_ms": median * MS,
                "latency_q1_ms": q1 * MS,
                "latency_q3_ms": q3 * MS,
                "latency_per_product": median_ratio(seconds, self.product),
                "throughput_per_s": self.plan.batch / median,
            }
            if dtype in first.latency:
                values["latency_ratio"] = median_ratio(seconds, first.latency[dtype])
            if dtype in model.output_error:
                values["output_error"] = model.output_error[dtype]
            found |= {(dtype, metric): value for metric, value in values.items()}
        values = dict(model.footprint)
        if model.training:
            values["train_step_ms"] = quartiles(model.training)[1] * MS
            values["train_step_per_product"] = median_ratio(model.training, self.train_product)
            if first.training:
                values["train_step_ratio"] = median_ratio(model.training, first.training)
        both = self.product + self.train_product
        values["reference_product_ms"] = quartiles(both)[1] * MS
        return found | {(FLOAT32, metric): value for metric, value in values.items()}
