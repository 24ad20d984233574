"""Memory of one forward pass: the largest sum of tensors that are alive at once, from a profile.

Counted are the bytes that torch asks its allocator for and gives back, within the call; the input
and the layer's constants were there before.
"""

from __future__ import annotations

import torch
from torch.profiler import ProfilerActivity, profile

from gaugecnn.methods.gauge import GaugeConv
from gaugecnn.surfaces import Icosphere


def forward_memory(level: int, batch: int, type_: str) -> tuple[int, int]:
    """Peak bytes of a forward pass above what was there, and the bytes of its input."""
    layer = GaugeConv(type_, type_, Icosphere(level))
    x = torch.randn(batch, *layer.type_in.shape)
    with torch.no_grad():
        layer(x)
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
            layer(x)
    held = peak = 0
    for event in sorted(record.profiler.kineto_results.events(), key=lambda e: e.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak, x.nbytes
