"""Aggregation: what a vertex gathers from its neighbours, before channels are mixed.

    A_n^{s,k}(p) = c_s sum_q W^{s,k}_pq e^{i n phi_pq} f_n(q)

One sparse real matrix holds every phase s and profile k that is read from an order n.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from gaugecnn.geometry.surface import Surface
from gaugecnn.ops.sparse import SparseMap
from gaugecnn.ops.stencil import ONE_RING, neighbourhood, stencil
from gaugecnn.surfaces.mesh import MeshDomain


@dataclass(frozen=True)
class Kernel:
    """Which stencils a convolution uses.

    Args:
        radius: of the support, a length on a surface of area ``4 pi``; 0 is the one ring.
        profiles: radial profiles ``r^{2k} e^{-r^2}``, k = 0 .. profiles - 1.
        degree: moments of the stencil that are made exact.
        max_phase: largest |s|; only vertices with 2 |s| + 1 neighbours resolve it.
    """

    radius: float = ONE_RING
    profiles: int = 1
    degree: int = 3
    max_phase: int = 2

    def __post_init__(self) -> None:
        if self.radius < 0 or self.profiles < 1 or self.degree < 1 or self.max_phase < 0:
            raise ValueError(
                "expected radius >= 0, profiles >= 1, degree >= 1 and max_phase >= 0, got "
                f"{self.radius}, {self.profiles}, {self.degree}, {self.max_phase}"
            )


def mesh_geometry(domain: MeshDomain | Surface, kernel: Kernel | None = None) -> Data:
    """The stencils of a mesh as a graph, for `GaugeConv` and for batches of several meshes.

    A `torch_geometric.data.Batch` of such graphs, with features ``x (vertex, component)`` of their
    own, is what ``layer(batch.x, batch)`` takes.

    Args:
        domain: the mesh.
        kernel: the stencils, those of the layer that will read it; the one ring by default.

    Returns:
        a graph with ``edge_index (2, edge)`` from each q to p, p itself among them, sorted by
        target; ``stencil (edge, phase * profile, re-im)``, phases from 0; ``transport (edge,)``;
        ``areas (vertex,)``; ``kernel``; ``lowered (1,)``, the vertices with a degree lowered.

    Raises:
        ValueError: a phase is resolved at no vertex.
    """
    surface = domain if isinstance(domain, Surface) else domain.surface
    return copy(_geometry(surface, kernel or Kernel()))  # shallow: features may be added to it


@lru_cache(maxsize=64)
def _geometry(surface: Surface, kernel: Kernel) -> Data:
    near = neighbourhood(surface, kernel.radius)
    vertices = np.arange(len(surface))
    there = np.concatenate([near.valid, np.ones((len(surface), 1), dtype=bool)], axis=1)
    source = np.concatenate([near.index, vertices[:, None]], axis=1)[there]
    target = np.repeat(vertices, there.sum(axis=1))
    transport = np.pad(near.transport, ((0, 0), (0, 1)))[there]
    columns, lowered = [], np.zeros(len(surface), dtype=bool)
    for phase in range(kernel.max_phase + 1):
        for profile in range(kernel.profiles):
            found = stencil(surface, kernel.radius, phase, profile, kernel.degree)
            if phase and not found.degree.any():
                raise ValueError(
                    f"phase {phase} is resolved nowhere on {surface}, it takes "
                    f"{2 * phase + 1} neighbours: lower max_phase or widen the radius"
                )
            weights = np.concatenate([found.weights, found.centre[:, None]], axis=1)[there]
            columns.append(gain(phase) * np.stack([weights.real, weights.imag], axis=-1))
            lowered |= found.degree < kernel.degree
    return Data(
        edge_index=torch.from_numpy(np.stack([source, target])),
        stencil=torch.from_numpy(np.stack(columns, axis=1)),
        transport=torch.from_numpy(transport),
        areas=torch.from_numpy(surface.areas),
        kernel=kernel,
        lowered=torch.tensor([int(lowered.sum())]),
        num_nodes=len(surface),
    )


def aggregation(
    geometry: Data, order: int, reads: tuple[tuple[int, int], ...], profiles: int
) -> SparseMap:
    """The sparse map of all aggregates of one order.

    ``(vertex, re-im of f_n) -> (vertex, (phase, profile, re-im))``, with entries
    ``c_s W^{s,k}_pq e^{i n phi_pq}``; the aggregate of phase 0 of order 0 is real.
    """
    source, target = geometry.edge_index
    turn = torch.polar(torch.ones_like(geometry.transport), order * geometry.transport)
    parts_in = 1 if order == 0 else 2
    stride = sum(parts_of(order, phase) for phase, _ in reads)
    entries: list[tuple[Tensor, Tensor, Tensor]] = []
    row = 0
    for phase, profile in reads:
        weights = torch.view_as_complex(geometry.stencil[:, abs(phase) * profiles + profile])
        value = (weights.conj() if phase < 0 else weights) * turn
        blocks = {(0, 0): value.real, (1, 0): value.imag, (0, 1): -value.imag, (1, 1): value.real}
        for (out, part), block in blocks.items():  # (re-im of the aggregate, re-im of f)
            if out < parts_of(order, phase) and part < parts_in:
                entries.append((target * stride + row + out, source * parts_in + part, block))
        row += parts_of(order, phase)
    rows, columns, values = (torch.cat(part) for part in zip(*entries, strict=True))
    vertices = int(geometry.num_nodes or 0)
    return SparseMap.of_entries(rows, columns, values, (vertices * stride, vertices * parts_in))


def gain(phase: int) -> float:
    """``c_s = 5 * 1.6^{|s| - 1}``, and 1 for s = 0: brings aggregates to the same size.

    On features of spherical digits the aggregates of phases 1 and 2 are 1/5 and 1/8 of those of
    phase 0 on every level, because features vary slowly over a stencil. Without the gain a network
    starts nearly isotropic and learns more slowly.
    """
    return 5 * 1.6 ** (abs(phase) - 1) if phase else 1.0


def parts_of(order: int, phase: int) -> int:
    """Real numbers per aggregate: one where both the signal and its stencil are real."""
    return 1 if order == 0 and phase == 0 else 2
