"""What `torch.compile` is worth for a convolution with its gate; eager needs no compiler."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import torch
from torch import nn

from gaugecnn.bench.timing import interleave, median_ratio
from gaugecnn.layers import Chain
from gaugecnn.methods.gauge import GaugeConv, NormGate
from gaugecnn.surfaces import Icosphere


def compiled_ratios(level: int, batch: int, type_: str, repeats: int) -> dict[str, float]:
    """Time of the compiled block over that of the eager one, by metric; none without a compiler."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        return {}
    layer = GaugeConv(type_, type_, Icosphere(level))
    eager = Chain(layer, NormGate(layer.type_out))
    compiled = torch.compile(eager)
    x = torch.randn(batch, *layer.type_in.shape, requires_grad=True)

    def forward(block: nn.Module) -> Callable[[], object]:
        def job() -> object:
            with torch.no_grad():
                return block(x)

        return job

    def both(block: nn.Module) -> Callable[[], object]:
        def job() -> None:
            x.grad = None
            block(x).sum().backward()

        return job

    found = {}
    for metric, make in (("latency", forward), ("train_step", both)):
        jobs = {"eager": make(eager), "compiled": make(compiled)}
        seconds = interleave(jobs, repeats, lambda: None, lambda _: None)
        ratio = median_ratio(seconds["compiled"], seconds["eager"])
        found[f"{metric}_compiled_over_eager_ratio"] = ratio
    return found
