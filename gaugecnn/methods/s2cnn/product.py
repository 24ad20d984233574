"""The product of two spectra: one matrix product for each degree, a few degrees at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn.methods.s2cnn.kernels import DenseKernel, RingKernel, orders_below

DEGREE_BLOCKS = 8
"""Products run over this many blocks of degrees: few launches, little arithmetic on zeros."""


class SpectralProduct(nn.Module):
    """A spectrum times a kernel's: ``z^l_mn = sum_ck x^l_mk conj(y^l_nk)`` by blocks of degrees.

    Args:
        spectrum: the kernel's spectrum.
        cutoff: number of degrees.
        order_out: largest order n of the product.
    """

    def __init__(self, spectrum: DenseKernel | RingKernel, cutoff: int, order_out: int) -> None:
        super().__init__()
        self.spectrum = spectrum
        self.cutoff = cutoff
        self.order_out = order_out
        step = math.ceil(cutoff / DEGREE_BLOCKS)
        self.blocks = [range(l, min(l + step, cutoff)) for l in range(0, cutoff, step)]  # noqa: E741

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        """``(m, k, degree, batch, in)``, ``(in, out, point)`` to ``(m, n, degree, batch, out)``."""
        prepared = self.spectrum.prepare(kernel)
        products = [self._block(x, self.spectrum.block(prepared, d), d) for d in self.blocks]
        return torch.cat(products, dim=2)

    def _block(self, x: Tensor, y: Tensor, degrees: range) -> Tensor:
        """The product of a block of degrees, filled with zeros to all orders."""
        top, batch = degrees.stop, x.shape[3]
        n, out = y.shape[3:]
        k = orders_below(top, x.shape[1] // 2)
        x = x[:top, k, degrees.start : top]  # (m, k, degree, batch, in)
        x = x.permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2)  # (degree, m batch, k in)
        z = x @ y.flatten(3).flatten(1, 2)  # (degree, m batch, n out)
        z = z.unflatten(2, (n, out)).unflatten(1, (top, batch))  # (degree, m, batch, n, out)
        z = z.permute(1, 3, 0, 2, 4)  # (m, n, degree, batch, out)
        missing = self.order_out - n // 2
        return F.pad(z, (0, 0) * 3 + (missing, missing, 0, self.cutoff - top))
