"""Sparse linear maps between vertices, applied to many channels at once.

One map is a constant sparse matrix A; ``y = A x`` and its adjoint ``x' = A^T y'`` both run as
compressed-row products. The product is a registered operator, so that ``torch.compile`` takes
it as one node, and its constants are plain buffers that move with the module.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import scipy
import torch
from torch import Tensor, nn

# PyTorch says once per process that compressed rows are in beta; the tests here vouch for ours.
warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")


@torch.library.custom_op("gaugecnn::csr_product", mutates_args=())
def csr_product(
    rows: Tensor, columns: Tensor, values: Tensor,
    rows_t: Tensor, columns_t: Tensor, values_t: Tensor, x: Tensor,
) -> Tensor:  # fmt: skip
    """``A x`` for A in compressed rows ``(row, column)`` and x ``(column, channel)``."""
    size = (rows.numel() - 1, x.shape[0])
    matrix = torch.sparse_csr_tensor(rows, columns, values, size, check_invariants=False)
    with torch.autocast(x.device.type, enabled=False):  # no half-precision kernels on the CPU
        return matrix @ x


@csr_product.register_fake
def _(rows, columns, values, rows_t, columns_t, values_t, x):  # type: ignore[no-untyped-def]
    return x.new_empty(rows.numel() - 1, x.shape[1])


def _keep(ctx, inputs, output) -> None:  # type: ignore[no-untyped-def]
    ctx.save_for_backward(*inputs[:6])


def _adjoint(ctx, grad):  # type: ignore[no-untyped-def]
    saved = ctx.saved_tensors  # read once: checkpointing recomputes them and gives each out once
    backward = csr_product(*saved[3:], *saved[:3], grad.contiguous())
    return None, None, None, None, None, None, backward


csr_product.register_autograd(_adjoint, setup_context=_keep)


class SparseMap(nn.Module):
    """A constant sparse matrix ``(row, column)`` acting on ``(column, channel)``.

    The product is computed in float32 or float64; under autocast the input is cast up first,
    because sparse products have no half-precision kernels on the CPU. The entries are kept in
    float64, and cast once for each precision of the module: ``.float().double()`` loses nothing.

    Args:
        matrix: real, in float64.
    """

    columns: Tensor
    values: Tensor
    values_t: Tensor

    def __init__(self, matrix: scipy.sparse.sparray) -> None:
        super().__init__()
        found = scipy.sparse.coo_array(matrix)
        rows, columns = (torch.from_numpy(i.astype(np.int64)) for i in found.coords)
        self._keep(rows, columns, torch.from_numpy(found.data.astype(np.float64)), found.shape)

    @classmethod
    def of_entries(
        cls, rows: Tensor, columns: Tensor, values: Tensor, shape: tuple[int, int]
    ) -> SparseMap:
        """The map of distinct entries in any order ``(entry,)``, on their device."""
        made = cls.__new__(cls)
        nn.Module.__init__(made)
        made._keep(rows, columns, values, shape)
        return made

    def _keep(self, rows: Tensor, columns: Tensor, values: Tensor, shape: tuple[int, ...]) -> None:
        self.shape = shape
        order = _by_row(rows, shape[0])
        rows, columns, values = rows[order], columns[order], values[order]
        transposed = _by_row(columns, shape[1])
        self._exact = values  # float64, no buffer: a module's precision does not reach it
        parts = {
            "rows": _starts(rows, shape[0]),
            "columns": columns.int(),
            "rows_t": _starts(columns, shape[1]),
            "columns_t": rows[transposed].int(),
        }
        cast = values.to(torch.promote_types(torch.get_default_dtype(), torch.float32))
        parts |= {"values": cast, "values_t": cast[transposed]}
        for name, part in parts.items():
            self.register_buffer(name, part, persistent=False)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        before = self.values.dtype
        super()._apply(fn, recurse)
        if self.values.dtype != before:
            dtype = torch.promote_types(self.values.dtype, torch.float32)
            self.values, self.values_t = self._cast(dtype, self.values.device)
        return self

    def _cast(self, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
        """The entries by rows, and by columns, from float64."""
        values = self._exact.to(dtype).to(device)
        return values, values[_by_row(self.columns, self.shape[1])]

    def forward(self, x: Tensor) -> Tensor:
        """``(column, channel) -> (row, channel)`` in the precision of the input, at least 32."""
        x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        values, values_t = self.values, self.values_t
        if values.dtype != x.dtype:
            values, values_t = self._cast(x.dtype, x.device)
        return csr_product(
            self.rows, self.columns, values, self.rows_t, self.columns_t, values_t, x.contiguous()
        )

    def extra_repr(self) -> str:
        return f"{self.shape[1]} -> {self.shape[0]}, {self.values.numel()} entries"


def _by_row(rows: Tensor, count: int) -> Tensor:
    """The order that sorts entries by row and leaves those of a row as they are ``(entry,)``."""
    if rows.device.type != "cpu":
        return torch.argsort(rows, stable=True)
    entry = np.arange(len(rows))  # counted into rows, many times as fast as a sort
    places = scipy.sparse.coo_array((entry, (rows.numpy(), entry)), shape=(count, len(rows)))
    return torch.from_numpy(places.tocsr().data)


def _starts(ascending: Tensor, count: int) -> Tensor:
    """Where each row starts among entries that are sorted by row, and where the last one ends."""
    ends = torch.bincount(ascending, minlength=count).cumsum(0)
    return nn.functional.pad(ends, (1, 0)).int()
