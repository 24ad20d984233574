"""Transport pooling and unpooling between nested levels of a mesh."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.stencil import ONE_RING, neighbourhood, stencil
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.sparse import SparseMap
from gaugecnn.surfaces.hierarchy import Coarsening
from gaugecnn.surfaces.surface import Surface

PASSES = 2
"""How often a feature is smoothed before every other vertex is dropped."""


class Resampling(Layer):
    """Each order by its own sparse map of complex numbers between the vertices of two levels.

    Args:
        type_in: type of the feature.
        type_out: the same multiplicities on the other level.
        matrices: for each order present the complex matrix ``(vertex out, vertex in)``.
    """

    type_in: GaugeType

    def __init__(
        self, type_in: GaugeType, type_out: GaugeType, matrices: dict[int, scipy.sparse.csr_array]
    ) -> None:
        super().__init__(type_in, type_out)
        self.maps = nn.ModuleDict({str(n): SparseMap(_real(n, m)) for n, m in matrices.items()})

    def forward(self, x: Tensor) -> Tensor:
        parts = []
        for n in self.type_in.orders:
            block = self.type_in.block(x, n).permute(1, 3, 0, 2)  # (vertex, re-im, batch, channel)
            moved = self.maps[str(n)](block.flatten(0, 1).flatten(1))
            moved = moved.view(-1, *block.shape[1:])
            parts.append(moved.permute(2, 0, 3, 1).flatten(2))  # (batch, vertex, component)
        return torch.cat(parts, dim=-1)


def pooling(type_in: GaugeType, step: Coarsening, radius: float = ONE_RING) -> Resampling:
    """Smooth with the moment-corrected, transported stencil of phase 0; keep coarse vertices.

    Coarse vertices are twice as far apart, so that the stencil is applied `PASSES` times: once
    leaves half of what they cannot resolve, and that half turns into an error under rotation.

    Args:
        type_in: type of the feature on ``step.fine``.
        step: the two levels.
        radius: support of the stencil in mean edge lengths, 0 for the one ring.
    """
    smooth = {n: smoothing(step.fine, n, radius) for n in type_in.orders}
    matrices = {n: scipy.sparse.linalg.matrix_power(m, PASSES) for n, m in smooth.items()}
    kept = {n: scipy.sparse.csr_array(m)[step.kept] for n, m in matrices.items()}
    return Resampling(type_in, GaugeType(type_in.multiplicities, step.coarse), kept)


def smoothing(surface: Surface, order: int, radius: float) -> scipy.sparse.csr_array:
    """``sum_q W^0_pq e^{i n phi_pq} f_n(q)`` as a complex matrix ``(vertex p, vertex q)``."""
    near = neighbourhood(surface, radius)
    weights, centre = stencil(surface, radius, 0, 0, 3)
    vertices = np.arange(len(surface))
    target = np.repeat(vertices, near.index.shape[1] + 1)
    source = np.concatenate([near.index, vertices[:, None]], axis=1).ravel()
    turned = weights * np.exp(1j * order * near.transport)
    values = np.concatenate([turned, centre[:, None]], axis=1).ravel()
    keep = values != 0  # padding of neighbourhoods
    entries = values[keep], (target[keep], source[keep])
    return scipy.sparse.csr_array(entries, shape=(len(surface), len(surface)))


def unpooling(type_in: GaugeType, step: Coarsening) -> Resampling:
    """Keep the coarse vertices; give each midpoint half of each parent, transported to it."""
    kept, middle = step.kept, step.midpoints
    target = np.concatenate([kept, np.repeat(middle, 2)])
    source = np.concatenate([np.arange(len(kept)), step.parents.ravel()])
    ends = np.repeat(middle, 2), kept[step.parents].ravel()
    phi = step.fine.tangent.transport(*ends)
    matrices = {}
    for n in type_in.orders:
        values = np.concatenate([np.ones(len(kept)), 0.5 * np.exp(1j * n * phi)])
        shape = (len(step.fine), len(kept))
        matrices[n] = scipy.sparse.csr_array((values, (target, source)), shape=shape)
    return Resampling(type_in, GaugeType(type_in.multiplicities, step.fine), matrices)


def _real(order: int, matrix: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """The complex matrix as a real one on (vertex, re-im); the real part alone for order 0."""
    if order == 0:
        return matrix.real
    re, im = np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]])
    return scipy.sparse.kron(matrix.real, re) + scipy.sparse.kron(matrix.imag, im)
