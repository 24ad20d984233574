"""Autocast and compiled forward passes beside float32, or why there are none."""

from __future__ import annotations

import io
import sys

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

from gaugecnn.bench import benchmark, measure, variants
from gaugecnn.bench.plan import make_plan
from gaugecnn.bench.report import csv_rows, reasons, table
from gaugecnn.bench.results import METRICS
from gaugecnn.bench.variants import BFLOAT16, COMPILED, FLOAT32
from tests.bench.networks import SMALL


def test_without_a_compiler_there_are_no_compiled_numbers(no_processes: None) -> None:
    plan = make_plan([SMALL], batch=2, repeats=1, device="cpu", compile=True)
    with torch._inductor.config.patch({"cpp.cxx": (None, "no-such-compiler")}):
        report = measure(plan)
    assert {row["dtype"] for row in csv_rows(report)} == {FLOAT32, BFLOAT16}
    console = Console(width=100, file=io.StringIO())
    console.print(table(report))
    (line,) = [line for line in console.file.getvalue().splitlines() if "compiled, ms" in line]
    assert "no compiler" in line
    assert reasons(report) == [f"{SMALL}, float32 compiled not measured: no compiler"]


def test_the_compiler_is_looked_for_where_torch_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch._inductor.config.patch({"cpp.cxx": (None, sys.executable)}):
        assert variants.missing_compiler(torch.device("cpu")) is None
    monkeypatch.setattr(variants.importlib.util, "find_spec", lambda name: None)
    assert variants.missing_compiler(torch.device("cuda")) == "no compiler"


def test_compiled_rows(compiles: None, no_processes: None) -> None:
    rows = benchmark([SMALL], batch=2, repeats=1, device="cpu", compile=True)
    values = {row["metric"]: row["value"] for row in rows if row["dtype"] == COMPILED}
    assert set(values) == {*METRICS[:5], "throughput_per_s", "output_error"}
    assert 0 <= values["output_error"] < 1e-5
    assert values["latency_ratio"] == 1


class Counting(nn.Module):
    """Remembers its calls, as layers remember what they have computed."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.scale


def test_the_compiled_network_is_a_copy_with_the_same_weights(compiles: None) -> None:
    network = Counting()
    job, output = variants.prepare(COMPILED, network, torch.ones(2, 3))
    assert network.calls == 0
    assert torch.equal(output, torch.ones(2, 3))
    with torch.no_grad():
        network.scale.mul_(3)
    assert torch.equal(job(), torch.full((2, 3), 3.0))


def test_more_networks_are_compiled_than_dynamo_would_by_itself(compiles: None) -> None:
    torch.compiler.reset()
    compiled = 0

    def backend(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> torch.fx.GraphModule:
        nonlocal compiled
        compiled += 1
        return graph

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "BACKEND", backend)
        for i in range(12):
            network = Counting()
            network.calls = i  # dynamo makes a new graph for it
            variants.prepare(COMPILED, network, torch.ones(i + 2, 3))
    assert compiled >= 12


@pytest.mark.parametrize("dtype", [BFLOAT16, COMPILED])
def test_a_variant_that_fails_is_left_out(dtype: str, compiles: None) -> None:
    class Fails(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise NotImplementedError("not for this type\nand more")

    with pytest.raises(variants.UnavailableError, match="not for this type"):
        variants.prepare(dtype, Fails(), torch.ones(1))


def test_output_error_is_relative_to_the_largest_value() -> None:
    expected = torch.tensor([1.0, -4.0])
    output = torch.tensor([1.5, -4.0]).bfloat16()
    assert variants.output_error(output, expected) == 0.125
