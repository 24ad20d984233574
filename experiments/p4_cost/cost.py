"""What a convolution over p4 or p4m costs beside one `conv2d` with the same filters.

Each layer (28 x 28 pixels, batch 64, 10 to 10 channels, kernel 3) is timed in rounds that
interleave it with one call of `conv2d` on its filters as they are, copied beforehand: the forward
pass in eval mode, and the forward and backward pass in training. The network `p4_25k` is timed
likewise with ``model.subsampling=equivariant`` beside ``stride``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn import build_model, load_config
from gaugecnn.bench.timing import interleave, median_ratio, quartiles, waiting
from gaugecnn.methods.p4 import P4ConvP4, P4ConvZ2, P4MConvP4M, P4MConvZ2
from gaugecnn.ops.allocator import keep_freed_memory
from gaugecnn.records.provenance import device_name

SIZE, BATCH, CHANNELS, KERNEL = 28, 64, 10, 3
LAYERS = (P4ConvZ2, P4ConvP4, P4MConvZ2, P4MConvP4M)


class Dense(nn.Module):
    """One `conv2d` with the filters that a layer makes of its own."""

    def __init__(self, layer: P4ConvZ2 | P4ConvP4 | P4MConvZ2 | P4MConvP4M) -> None:
        super().__init__()
        self.weight = nn.Parameter(layer.expanded().detach())
        self.bias = nn.Parameter(layer.bias.detach().repeat_interleave(layer.order))
        self.padding = layer.padding

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x.flatten(1, -3), self.weight, self.bias, padding=self.padding)


def forward_of(module: nn.Module, x: Tensor) -> Callable[[], Tensor]:
    """A forward pass in eval mode, without gradients."""

    def job() -> Tensor:
        with torch.no_grad():
            return module.eval()(x)

    return job


def both_of(module: nn.Module, x: Tensor) -> Callable[[], None]:
    """A forward and a backward pass in training, to the input and all parameters."""
    with torch.no_grad():
        gradient = torch.ones_like(module(x))

    def job() -> None:
        for tensor in (x, *module.parameters()):
            tensor.grad = None
        module.train()(x).backward(gradient)

    return job


def pairs_of(device: torch.device) -> dict[str, tuple[nn.Module, nn.Module, Tensor]]:
    """What is timed, beside what, on which input."""
    torch.manual_seed(0)
    found: dict[str, tuple[nn.Module, nn.Module, Tensor]] = {}
    for kind in LAYERS:
        layer = kind(CHANNELS, CHANNELS, KERNEL, padding=1).to(device)
        axes = [layer.order] * (layer.weight.dim() - 4)
        x = torch.randn(BATCH, CHANNELS, *axes, SIZE, SIZE, device=device, requires_grad=True)
        with torch.no_grad():
            torch.testing.assert_close(layer(x).flatten(1, 2), Dense(layer)(x))
        found[kind.__name__] = layer, Dense(layer), x
    ways = ("equivariant", "stride")
    words = [[f"model.subsampling={way}", "domain.chart=plane"] for way in ways]
    chosen, plain = (build_model(load_config("p4_25k", overrides=w)).to(device) for w in words)
    x = torch.randn(BATCH, 1, SIZE, SIZE, device=device, requires_grad=True)
    return found | {"p4_25k, subsampling=equivariant": (chosen, plain, x)}


def measure(device: torch.device, rounds: int) -> dict[tuple[str, str], float]:
    """Milliseconds and ratios, by what was timed and metric."""
    found: dict[tuple[str, str], float] = {}
    for name, (module, beside, x) in pairs_of(device).items():
        for metric, make in (("latency", forward_of), ("train_step", both_of)):
            jobs = {"ours": make(module, x), "beside": make(beside, x)}
            seconds = interleave(jobs, rounds, waiting(device), lambda _: None)
            found[name, f"{metric}_ms"] = 1000 * quartiles(seconds["ours"])[1]
            found[name, f"{metric}_beside_ms"] = 1000 * quartiles(seconds["beside"])[1]
            found[name, f"{metric}_ratio"] = median_ratio(seconds["ours"], seconds["beside"])
    return found


def rows(rounds: int = 61) -> Iterator[dict[str, Any]]:
    """All of it on one thread of the CPU, one number a row.

    Args:
        rounds: of timing.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_freed_memory()
    device = torch.device("cpu")
    try:
        for (name, metric), value in measure(device, rounds).items():
            yield {
                "model": name,
                "test_condition": f"{SIZE}x{SIZE}, batch{BATCH}",
                "metric": metric,
                "value": f"{value:.4g}",
                "device": device_name(device),
            }
    finally:
        torch.set_num_threads(threads)
