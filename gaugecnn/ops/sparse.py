"""Sparse linear maps between vertices, applied to many channels at once.

One map is a constant sparse matrix A; ``y = A x`` and its adjoint ``x' = A^T y'`` both run as
compressed-row products. The product is a registered operator, so that ``torch.compile`` takes
it as one node, and its constants are plain buffers that move with the module.
"""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse
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
    forward, transposed = ctx.saved_tensors[:3], ctx.saved_tensors[3:]
    return None, None, None, None, None, None, csr_product(*transposed, *forward, grad.contiguous())


csr_product.register_autograd(_adjoint, setup_context=_keep)


class SparseMap(nn.Module):
    """A constant sparse matrix ``(row, column)`` acting on ``(column, channel)``.

    The product is computed in float32 or float64; under autocast the input is cast up first,
    because sparse products have no half-precision kernels on the CPU.

    Args:
        matrix: real, in float64.
    """

    values: Tensor

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
        both = ("", rows, columns, shape), ("_t", columns, rows, shape[::-1])
        for suffix, across, along, (height, width) in both:
            order = torch.argsort(across * width + along)
            starts = torch.bincount(across, minlength=height).cumsum(0)
            parts = {
                "rows": torch.nn.functional.pad(starts, (1, 0)).int(),
                "columns": along[order].int(),
                "values": values[order],
            }
            for name, part in parts.items():
                self.register_buffer(name + suffix, part, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(column, channel) -> (row, channel)`` in the precision of the input, at least 32."""
        x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        values, values_t = (getattr(self, n).to(x.dtype) for n in ("values", "values_t"))
        return csr_product(
            self.rows, self.columns, values, self.rows_t, self.columns_t, values_t, x.contiguous()
        )

    def extra_repr(self) -> str:
        return f"{self.shape[1]} -> {self.shape[0]}, {self.values.numel()} entries"
