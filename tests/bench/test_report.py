"""What is found, and what is said of it."""

from __future__ import annotations

import shlex

import pytest
import torch

from gaugecnn.bench import benchmark, measure
from gaugecnn.bench.plan import Plan, make_plan, plan_from_words
from gaugecnn.bench.report import csv_rows, number, reasons
from gaugecnn.bench.results import METRICS, Report
from gaugecnn.bench.run import steps
from gaugecnn.bench.variants import BFLOAT16, FLOAT32
from gaugecnn.commands.console import pairs
from gaugecnn.errors import UserError
from tests.bench.networks import FOOTPRINT, LARGER, S2CNN, SMALL
from tests.test_results import COLUMNS


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(
        [SMALL, LARGER, S2CNN], task="classification", batch=2, repeats=3, device="cpu"
    )


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def report(plan: Plan, told: list[str]) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gaugecnn.bench.run.footprint", lambda *_: dict(FOOTPRINT))
        return measure(plan, told.append)


def test_every_metric_is_there(report: Report) -> None:
    assert len(report.measured) == 3
    for model in report.measured:
        figures = report.figures(model)
        assert {metric for _, metric in figures} == set(METRICS)
        assert all(value > 0 for value in figures.values())
        assert {dtype for dtype, _ in figures} == {FLOAT32, BFLOAT16}
        assert (FLOAT32, "output_error") not in figures
        q1, q3 = figures[FLOAT32, "latency_q1_ms"], figures[FLOAT32, "latency_q3_ms"]
        assert q1 <= figures[FLOAT32, "latency_ms"] <= q3
        throughput = 2 * 1000 / figures[FLOAT32, "latency_ms"]
        assert figures[FLOAT32, "throughput_per_s"] == pytest.approx(throughput)
        assert model.missing == {}


def test_ratios_are_to_the_first_model(report: Report) -> None:
    first, second, _ = (report.figures(model) for model in report.measured)
    for key in (FLOAT32, "latency_ratio"), (BFLOAT16, "latency_ratio"):
        assert first[key] == 1
    assert first[FLOAT32, "train_step_ratio"] == 1
    a, b = (model.latency[FLOAT32] for model in report.measured[:2])
    assert len(a) == len(report.product) == 3
    ratio = sorted(y / x for x, y in zip(a, b, strict=True))[1]
    assert second[FLOAT32, "latency_ratio"] == pytest.approx(ratio)
    to_product = sorted(y / p for p, y in zip(report.product, b, strict=True))[1]
    assert second[FLOAT32, "latency_per_product"] == pytest.approx(to_product)
    assert len(report.measured[0].training) == len(report.train_product) == 2


def test_bfloat16_errs_a_little(report: Report) -> None:
    for model in report.measured[:2]:
        assert 1e-4 < model.output_error[BFLOAT16] < 0.1


def test_every_step_is_told(plan: Plan, report: Report, told: list[str]) -> None:
    assert len(told) == steps(plan)
    assert told[0] == f"{SMALL}: building"
    assert told[-1] == "training step: round 2 of 2"


def test_rows_are_the_pinned_long_form(plan: Plan, report: Report) -> None:
    rows = csv_rows(report)
    assert len(rows) == 3 * (len(METRICS) - 1 + 7)  # bfloat16 has its error, and six more again
    for row in rows:
        assert list(row) == [*COLUMNS, "batch", "threads"]
        assert row["model"] in (SMALL, LARGER, S2CNN)
        assert row["test_condition"] == "batch2"
        assert row["train_rotation"] == "-"
        assert (row["train_size"], row["train_seconds"], row["seed"]) == (0, 0, 0)
        assert row["threads"] == torch.get_num_threads()
        assert row["device"].startswith("cpu")
        assert row["command"] == plan.command
    setup = [row["value"] for row in rows if row["metric"] == "setup_s"]
    assert setup == [3, 3, 3]
    assert len({row["parameters"] for row in rows}) == 2


def test_the_command_runs_the_same_again(plan: Plan) -> None:
    program, command, *words = shlex.split(plan.command)
    assert (program, command) == ("gaugecnn", "bench")
    again = plan_from_words(pairs(words))
    assert again == plan


def test_a_batch_of_one_that_cannot_be_trained_is_said(no_processes: None) -> None:
    made = make_plan([SMALL], task="classification", repeats=1, device="cpu")  # batch norm in head
    found = measure(made)
    metrics = {metric for _, metric in found.figures(found.measured[0])}
    assert "latency_ms" in metrics
    assert not {"train_step_ms", "train_step_ratio", "train_step_per_product"} & metrics
    (line,) = reasons(found)
    assert line.startswith(f"{SMALL}, training step not measured: Expected more than 1 value")


@pytest.mark.parametrize(
    "place", ["gaugecnn.networks.FieldNetwork.forward", "gaugecnn.build._plain"]
)
def test_errors_name_the_model(
    place: str, no_processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("can't allocate memory\nand a stack trace")

    monkeypatch.setattr(place, fails)
    with pytest.raises(UserError) as caught:
        benchmark(["cnn", SMALL], repeats=1, device="cpu")
    assert str(caught.value) == "cnn: can't allocate memory"


@pytest.mark.parametrize(
    ("value", "shown"), [(218144, "218,144"), (99.96, "100"), (1.234, "1.23"), (0.00123, "0.00123")]
)
def test_numbers_are_short(value: float, shown: str) -> None:
    assert number(value) == shown
