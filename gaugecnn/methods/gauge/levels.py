"""Pooling and unpooling of gauge features between the levels of a mesh."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy
import torch
from torch import Tensor, nn

from gaugecnn.geometry.surface import Surface
from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.reframing import like, turned_type
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.outline import outlined
from gaugecnn.ops.resampling import pooling_matrix, unpooling_matrix
from gaugecnn.ops.sparse import SparseMap
from gaugecnn.surfaces.symmetry import FrameChange


class Resampling(Layer):
    """Each order by its own sparse map of complex numbers between the vertices of two levels.

    Args:
        type_in: type of the feature.
        type_out: the same multiplicities on the other level.
        matrices: for each order present the complex matrix ``(vertex out, vertex in)``.
        radius: of the smoothing on the way down, a length; None on the way up.
    """

    type_in: GaugeType
    type_out: GaugeType

    def __init__(
        self,
        type_in: GaugeType,
        type_out: GaugeType,
        matrices: dict[int, scipy.sparse.csr_array],
        radius: float | None,
    ) -> None:
        super().__init__(type_in, type_out)
        self.radius = radius
        self.maps = nn.ModuleDict({str(n): SparseMap(_real(n, m)) for n, m in matrices.items()})

    def forward(self, x: Tensor) -> Tensor:
        parts = []
        for n, block in zip(self.type_in.orders, self.type_in.blocks(x), strict=True):
            block = block.permute(1, 3, 0, 2)  # (vertex, re-im, batch, channel)
            moved = self.maps[str(n)](block.flatten(0, 1).flatten(1))
            moved = moved.view(-1, *block.shape[1:])
            parts.append(moved.permute(2, 0, 3, 1).flatten(2))  # (batch, vertex, component)
        return torch.cat(parts, dim=-1)

    def reframed(self, change: FrameChange) -> Resampling:
        before, after = (turned_type(t, change) for t in (self.type_in, self.type_out))
        if self.radius is None:
            other = unpooling(before, after.surface)
        else:
            other = pooling(before, after.surface, self.radius)
        return like(self, other)


def pooling(type_in: GaugeType, coarse: Surface, radius: float) -> Resampling:
    """Smooth by a Gaussian and keep the coarse vertices, see `pooling_matrix`.

    Args:
        type_in: type of the feature on the finer level.
        coarse: the coarser level.
        radius: of the Gaussian's support, a length.
    """
    fine = type_in.surface
    return _moving(
        type_in, coarse, lambda order: pooling_matrix(fine, coarse, order, radius), radius
    )


def unpooling(type_in: GaugeType, fine: Surface) -> Resampling:
    """Interpolate smoothly between the coarse vertices, see `unpooling_matrix`."""
    return _moving(
        type_in, fine, lambda order: unpooling_matrix(type_in.surface, fine, order), None
    )


def _moving(
    type_in: GaugeType,
    surface: Surface,
    matrix: Callable[[int], scipy.sparse.csr_array],
    radius: float | None,
) -> Resampling:
    """The layer that takes a feature to another level by the matrix of each order."""
    orders = [] if outlined() else type_in.orders
    matrices = {order: matrix(order) for order in orders}
    return Resampling(type_in, GaugeType(type_in.multiplicities, surface), matrices, radius)


def _real(order: int, matrix: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """The complex matrix as a real one on (vertex, re-im); the real part alone for order 0."""
    if order == 0:
        return matrix.real
    re, im = np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]])
    return scipy.sparse.kron(matrix.real, re) + scipy.sparse.kron(matrix.imag, im)
