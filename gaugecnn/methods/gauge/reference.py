"""The gauge convolution as its equation says it: vertex by vertex, neighbour by neighbour.

Slow and readable; the truth against which `GaugeConv` is tested.
"""

from __future__ import annotations

import cmath

import numpy as np
import torch
from torch import Tensor

from gaugecnn.methods.gauge.convolution import GaugeConv
from gaugecnn.methods.gauge.kernel import gains, kernels_of
from gaugecnn.methods.gauge.paths import Path
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.stencil import stencils


def reference_convolution(layer: GaugeConv, x: Tensor) -> Tensor:
    """What `layer` computes, ``(batch, vertex, component)``, by complex sums over neighbours."""
    fields = {n: _complex(layer.type_in, x, n) for n in layer.type_in.orders}
    out: dict[int, Tensor] = {}
    for path, where in zip(layer.paths, layer.slices(), strict=True):
        parts = layer.kernel[where].unflatten(0, (*_channels(layer, path), -1))
        imaginary = torch.zeros_like(parts[..., 0]) if path.real else parts[..., 1]
        coefficient = torch.complex(parts[..., 0], imaginary)  # (out channel, in channel)
        read = fields[path.order_in]
        if path.frequency is not None:
            read = _aggregate(layer, read, path)
        if path.conjugate:
            read = read.conj()
        mixed = torch.einsum("oi,bvi->bvo", coefficient, read)  # (batch, vertex, out channel)
        out[path.order_out] = out.get(path.order_out, torch.zeros_like(mixed)) + mixed
    blocks = []
    for m in layer.type_out.orders:
        if m == 0:
            bias = 0 if layer.bias is None else layer.bias
            blocks.append(out[m].real + bias)
        else:
            blocks.append(torch.view_as_real(out[m]).flatten(-2))
    return torch.cat(blocks, dim=-1)


def _aggregate(layer: GaugeConv, field: Tensor, path: Path) -> Tensor:
    """``A(p) = c_{s,k} sum_q W^{s,k}_pq e^{i n phi_pq} f_n(q)``, p itself among the q."""
    assert path.frequency is not None
    surface, kernel = layer.type_in.surface, layer.stencils
    found = stencils(surface, kernel.radius, kernels_of(kernel))
    which = abs(path.frequency), path.profile
    gain = gains(kernel)[which]
    rows = []
    for p in range(len(surface)):
        total = _weight(found.weights.centre[p][which], path) * field[:, p]
        for pair in np.flatnonzero(found.pairs.base == p):
            turn = cmath.exp(1j * path.order_in * found.pairs.transport[pair])
            weight = _weight(found.weights.neighbours[pair][which], path)
            total = total + weight * turn * field[:, int(found.pairs.vertex[pair])]
        rows.append(gain * total)
    return torch.stack(rows, dim=1)  # (batch, vertex, channel)


def _weight(value: complex, path: Path) -> complex:
    """The stencil of a negative frequency is the conjugate of that of the positive one."""
    mirrored = path.frequency is not None and path.frequency < 0
    return complex(value).conjugate() if mirrored else complex(value)


def _channels(layer: GaugeConv, path: Path) -> tuple[int, int]:
    ins, outs = layer.type_in.multiplicities, layer.type_out.multiplicities
    return outs[path.order_out], ins[path.order_in]


def _complex(type_: GaugeType, x: Tensor, order: int) -> Tensor:
    block = type_.block(x, order)  # (batch, vertex, channel, re-im)
    imaginary = block[..., 1] if order > 0 else torch.zeros_like(block[..., 0])
    return torch.complex(block[..., 0], imaginary)
