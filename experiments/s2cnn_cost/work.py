"""How much a network computes and moves to answer one image, whatever the machine.

Multiplications and additions of matrix products and convolutions, and the bytes of all tensors that
operators, views apart, read and write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from experiments.s2cnn_cost.cost import SEGMENTERS
from gaugecnn.bench.footprint import random_signal
from gaugecnn.bench.plan import make_plan
from gaugecnn.build import build_model


class Traffic(TorchDispatchMode):
    """Counts the bytes that operators read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        aliases = [result.alias_info for result in func._schema.returns]
        view = any(alias is not None and not alias.is_write for alias in aliases)
        if not view and "empty" not in func.name():
            tensors = [x for x in tree_leaves((args, found)) if isinstance(x, Tensor)]
            self.bytes += sum(x.numel() * x.element_size() for x in tensors)
        return found


def rows() -> Iterator[dict[str, Any]]:
    """One number a row; the spectra of kernels are kept, as in the second answer."""
    plan = make_plan(SEGMENTERS, task="segmentation", batch=1)
    for entry in plan.entries:
        network = build_model(entry.config).eval()
        signal = random_signal(network, 1, 0, torch.device("cpu"))
        with torch.no_grad():
            network(signal)
            with FlopCounterMode(display=False) as flops:
                network(signal)
            with Traffic() as traffic:
                network(signal)
        found = {
            "forward_gflop": flops.get_total_flops() / 1e9,
            "forward_mb": traffic.bytes / 1e6,
        }
        for metric, value in found.items():
            yield {
                "model": entry.name,
                "test_condition": "batch1",
                "metric": metric,
                "value": f"{value:.4g}",
                "dtype": "float32",
                "device": "cpu",
            }
