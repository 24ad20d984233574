"""PyTorch Geometric's Chebyshev convolution with a Laplacian that is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor
from torch_geometric.nn import ChebConv


class MeshChebConv(ChebConv):
    """PyTorch Geometric's `ChebConv` on one graph, whose scaled Laplacian is computed once.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        hops: number of polynomials K.
        edges: from each q to p ``(2, edge)``.
        vertices: how many there are.
    """

    def __init__(
        self, in_channels: int, out_channels: int, hops: int, edges: Tensor, vertices: int
    ) -> None:
        super().__init__(in_channels, out_channels, hops)
        index, self._exact = super().__norm__(
            edges, vertices, None, self.normalization, dtype=torch.float64
        )
        self._index: Tensor
        self._norm: Tensor
        self.register_buffer("_index", index, persistent=False)
        norm = self._exact.to(torch.get_default_dtype())
        self.register_buffer("_norm", norm, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, vertex, in channel) -> (batch, vertex, out channel)``."""
        return super().forward(x, self._index)

    def __norm__(self, *graph: Any, dtype: torch.dtype, **options: Any) -> tuple[Tensor, Tensor]:
        """The Laplacian's entries, in place of what `ChebConv` computes from a graph every time."""
        norm = self._norm if self._norm.dtype == dtype else self._exact.to(self._norm.device, dtype)
        return self._index, norm

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        self._norm = self._exact.to(self._norm.dtype).to(self._norm.device)  # from float64, always
        return self
