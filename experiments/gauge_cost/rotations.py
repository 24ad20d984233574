"""How nearly a block commutes with rotations, those that permute the vertices and all others.

A block is two convolutions with a batch norm and a gate behind each, as in the networks, from a
scalar field to orders 0 and 1; its statistics are those of other fields of the same kind. The
field is smooth and known everywhere. A random rotation that takes one vertex to another, and turns
there by any angle, moves the other vertices to where none are; at that one vertex the output must
be the one from before, carried along. Nothing needs to be interpolated.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from gaugecnn.layers import Chain
from gaugecnn.methods.gauge import GaugeConv, GaugeType, KernelSpec, NormGate
from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
from gaugecnn.surfaces import Icosphere

TYPE = "8x0+8x1"
ROTATIONS = 64
BLOCKS = 6
"""Seeds of the weights: the largest error differs from block to block by a factor of two."""

WAVES = 8
WAVELENGTH = 1.0
CALIBRATION = range(2, 18)
"""Seeds of the fields whose statistics the batch norms keep; 0 and 1 are for the test."""


def block(domain: Icosphere, radius: float, seed: int = 0) -> Chain:
    """The same block on any level: its weights are seeded."""
    torch.manual_seed(seed)
    kernel = KernelSpec(radius)
    first = GaugeConv("1x0", TYPE, domain, kernel)
    second = GaugeConv(first.type_out, GaugeType.parse(TYPE, domain.surface), domain, kernel)
    norms = [GaugeBatchNorm(layer.type_out) for layer in (first, second)]
    gates = [NormGate(layer.type_out) for layer in (first, second)]
    layers = Chain(first, norms[0], gates[0], second, norms[1], gates[1]).double()
    for norm in norms:
        norm.norm.momentum = 1.0
    fields = torch.stack([field(domain.points, seed) for seed in CALIBRATION])[:, :, None]
    with torch.no_grad():
        layers(fields)
    return layers.eval()


def field(points: Tensor, seed: int = 0) -> Tensor:
    """A sum of plane waves at points ``(..., xyz)``."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(WAVES, 3))
    directions *= 2 * math.pi / WAVELENGTH / np.linalg.norm(directions, axis=1, keepdims=True)
    phases = torch.from_numpy(random.uniform(0, 2 * math.pi, WAVES))
    return torch.sin(points @ torch.from_numpy(directions).T + phases).sum(-1)


def block_errors(level: int, radius: float) -> tuple[float, float]:
    """Largest and mean error of a block, the mean over `BLOCKS` blocks of either."""
    domain = Icosphere(level)
    found = [_errors(domain, block(domain, radius, seed)) for seed in range(BLOCKS)]
    largest, mean = np.mean(found, axis=0)
    return float(largest), float(mean)


def _errors(domain: Icosphere, layer: Chain) -> tuple[float, float]:
    """Largest and mean error under random rotations, relative to how two fields differ."""
    points = domain.points
    frames = torch.from_numpy(domain.surface.frames)
    random = np.random.default_rng(1)
    p, q = torch.from_numpy(random.integers(len(points), size=(2, ROTATIONS)))
    angle = torch.from_numpy(random.uniform(0, 2 * math.pi, ROTATIONS))
    c, s = angle.cos()[:, None], angle.sin()[:, None]
    e1, e2, normal = frames[q].unbind(1)
    carried = torch.stack([c * e1 + s * e2, c * e2 - s * e1, normal], dim=1)  # p's frame, at q
    matrices = carried.transpose(1, 2) @ frames[p]  # (rotation, 3, 3)
    with torch.no_grad():
        still, other = (layer(field(points, seed)[None, :, None])[0] for seed in (0, 1))
        moved = torch.stack(
            [
                layer(field(points @ m)[None, :, None])[0, v]
                for m, v in zip(matrices, q, strict=True)
            ]
        )
    scalars, pairs = still[p].split([8, 16], dim=-1)
    turn = torch.polar(torch.ones_like(angle), angle)[:, None]  # components in q's own frame
    turned = torch.view_as_real(torch.view_as_complex(pairs.unflatten(-1, (8, 2))) * turn)
    expected = torch.cat([scalars, turned.flatten(-2)], dim=-1)
    error = (moved - expected).abs() / (still - other).abs().max()
    return float(error.max()), float(error.amax(dim=-1).mean())


def icosahedral_error(level: int) -> float:
    """The largest error under the 60 rotations of the icosahedron, float32, one ring."""
    domain = Icosphere(level)
    layer = block(domain, 0.0).float()
    x = torch.stack([field(domain.points, seed) for seed in (0, 1)])[:, :, None].float()
    worst = 0.0
    with torch.no_grad():
        still = layer(x)
        scale = (still[0] - still[1]).abs().max()
        for rotation in domain.symmetries():
            moved = layer(layer.type_in.transform(rotation, x))
            expected = layer.type_out.transform(rotation, still)
            worst = max(worst, float((moved - expected).abs().max() / scale))
    return worst
