"""Aggregation: what a vertex gathers from its neighbours, before channels are mixed.

    A_n^{s,k}(p) = c_{s,k} sum_q W^{s,k}_pq e^{i n phi_pq} f_n(q)

One sparse real matrix holds every frequency s and profile k that is read from an order n.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gaugecnn.geometry.arrays import Mask
from gaugecnn.geometry.surface import Surface
from gaugecnn.methods.gauge.fit import warn_of_misfits
from gaugecnn.methods.gauge.geometry import Geometry
from gaugecnn.methods.gauge.kernel import gains, kernels_of
from gaugecnn.methods.gauge.stage import KernelSpec
from gaugecnn.ops.sparse import SparseMap
from gaugecnn.ops.stencil import stencils
from gaugecnn.surfaces.mesh_domain import MeshDomain

if TYPE_CHECKING:  # slow to import, and layers on one mesh do without it
    from torch_geometric.data import Data


def mesh_geometry(domain: MeshDomain | Surface, kernel: KernelSpec | None = None) -> Data:
    """The stencils of a mesh as a graph, for `GaugeConv` and for batches of several meshes.

    A `torch_geometric.data.Batch` of such graphs, with features ``x (vertex, component)`` of their
    own, is what ``layer(batch.x, batch)`` takes.

    Args:
        domain: the mesh.
        kernel: the stencils, those of the layer that will read it; the one ring by default.

    Returns:
        a graph with ``edge_index (2, edge)`` from each q to p, p itself among them, sorted by
        target; ``stencil (edge, frequency * profile, re-im)``, frequencies from 0;
        ``transport (edge,)``; ``areas (vertex,)``; ``kernel``. And of the vertices: how many have
        an accuracy lowered or the one ring in the place of the kernel, ``lowered (1,)``; at how
        many it is the ring, ``ring (1, frequency)``; how many cannot tell a frequency, so that its
        weights are 0, ``untold (1, frequency)``, off the boundary ``untold_inside (1, frequency)``;
        and a radius with which they all could, ``enough (1,)``.

    Warns:
        GaugecnnWarning: the mesh is too coarse for the kernel somewhere.

    Raises:
        ValueError: a frequency is told at no vertex.
    """
    surface = domain if isinstance(domain, Surface) else domain.surface
    found = surface_geometry(surface, kernel or KernelSpec())
    warn_of_misfits(found, surface, range(found.kernel.max_frequency + 1))
    from torch_geometric.data import Data

    return Data(**vars(found))  # a graph of its own: features may be added to it


@lru_cache(maxsize=32)
def surface_geometry(surface: Surface, kernel: KernelSpec) -> Geometry:
    """The geometry of a mesh, which is shared by all who ask."""
    found = stencils(surface, kernel.radius, kernels_of(kernel))
    accuracy = found.weights.accuracy  # (vertex, frequency, profile)
    untold = np.any(accuracy == 0, axis=2)
    lowered = np.any(accuracy < kernel.accuracy, axis=(1, 2)) | np.any(found.ring, axis=1)
    nowhere = np.all(untold, axis=0)[1:]
    if nowhere.any():
        frequency = 1 + int(nowhere.argmax())
        raise ValueError(
            f"frequency {frequency} is resolved nowhere on {surface}, it takes "
            f"{2 * frequency + 1} neighbours: lower max_frequency or widen the radius"
        )
    pairs, vertices = found.pairs, np.arange(len(surface))
    last = np.bincount(pairs.base, minlength=len(surface)).cumsum() + vertices  # p in its own row
    others = np.arange(len(pairs)) + pairs.base
    weights = np.empty((len(pairs) + len(surface), *accuracy.shape[1:]), dtype=np.complex128)
    weights[others], weights[last] = found.weights.neighbours, found.weights.centre
    weights *= gains(kernel)
    edges, transport = np.empty((2, len(weights)), dtype=np.int64), np.zeros(len(weights))
    edges[:, others], edges[:, last] = (pairs.vertex, pairs.base), vertices
    transport[others] = pairs.transport
    inside = ~surface.mesh.on_boundary
    return Geometry(
        edge_index=torch.from_numpy(edges),
        stencil=torch.view_as_real(torch.from_numpy(weights.reshape(len(weights), -1))),
        transport=torch.from_numpy(transport),
        areas=torch.from_numpy(surface.areas),
        kernel=kernel,
        lowered=_count(lowered),
        ring=_count(found.ring),
        enough=torch.tensor([found.enough]),
        untold=_count(untold),
        untold_inside=_count(untold & inside[:, None]),
        num_nodes=len(surface),
    )


def _count(found: Mask) -> Tensor:
    """Of vertices ``(vertex, ...)``, as ``(1, ...)``: batches of graphs list them."""
    return torch.from_numpy(np.asarray(found.sum(axis=0))[None])


def aggregation(
    geometry: Geometry | Data, order: int, reads: tuple[tuple[int, int], ...], profiles: int
) -> SparseMap:
    """The sparse map of all aggregates of one order.

    ``(vertex, re-im of f_n) -> (vertex, (frequency, profile, re-im))``, with entries
    ``c_{s,k} W^{s,k}_pq e^{i n phi_pq}``; the aggregate of frequency 0 of order 0 is real.
    """
    source, target = geometry.edge_index
    turn = torch.polar(torch.ones_like(geometry.transport), order * geometry.transport)
    parts_in = 1 if order == 0 else 2
    stride = sum(parts_of(order, frequency) for frequency, _ in reads)
    entries: list[tuple[Tensor, Tensor, Tensor]] = []
    row = 0
    for frequency, profile in reads:
        weights = torch.view_as_complex(geometry.stencil[:, abs(frequency) * profiles + profile])
        value = (weights.conj() if frequency < 0 else weights) * turn
        blocks = {(0, 0): value.real, (1, 0): value.imag, (0, 1): -value.imag, (1, 1): value.real}
        for (out, part), block in blocks.items():  # (re-im of the aggregate, re-im of f)
            if out < parts_of(order, frequency) and part < parts_in:
                entries.append((target * stride + row + out, source * parts_in + part, block))
        row += parts_of(order, frequency)
    rows, columns, values = (torch.cat(part) for part in zip(*entries, strict=True))
    vertices = int(geometry.num_nodes or 0)
    return SparseMap.of_entries(rows, columns, values, (vertices * stride, vertices * parts_in))


def parts_of(order: int, frequency: int) -> int:
    """Real numbers per aggregate: one where both the signal and its stencil are real."""
    return 1 if order == 0 and frequency == 0 else 2
