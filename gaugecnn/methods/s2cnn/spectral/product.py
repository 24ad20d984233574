"""The product of two spectra: one matrix product for each degree, a few degrees at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.spectral.kernels import DenseKernel, RingKernel
from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks
from gaugecnn.ops.kept import Keeping


class SpectralProduct(Keeping):
    """A spectrum times a kernel's: ``z^l_mn = sum_ck x^l_mk conj(y^l_nk)`` by blocks of degrees.

    In real orders, ``z^l_MN = sum_cK x^l_MK y^l_NK`` (`real_basis`). While nothing is learned, the
    kernel's spectrum is computed once (`Keeping`).

    Args:
        spectrum: the kernel's spectrum.
        cutoff: number of degrees.
    """

    def __init__(self, spectrum: DenseKernel | RingKernel, cutoff: int) -> None:
        super().__init__()
        self.spectrum = spectrum
        self.blocks = Blocks(cutoff)

    def forward(self, x: list[Tensor], kernel: Tensor, scale: float) -> list[Tensor]:
        """The parts ``(degree, m, cos/sin, batch, N, out)`` of the product.

        Args:
            x: the parts of a feature's spectrum, ``(degree, m, cos/sin, batch, K, in)``.
            kernel: values ``(in, out, point)``.
            scale: what the kernel is multiplied by.
        """
        # The blocks ``(degree, K, in, N, out)`` of the kernel, kept where nothing is learned.
        spectra = self._once(kernel, lambda: self.spectrum(kernel * scale))
        return [_block_product(part, y) for part, y in zip(x, spectra, strict=True)]


def _block_product(x: Tensor, y: Tensor) -> Tensor:
    """``(degree, m, cos/sin, batch, K, in)`` by ``(degree, K, in, N, out)``."""
    rows, columns = x.shape[1:4], y.shape[3:]
    z = torch.bmm(x.flatten(4).flatten(1, 3), y.flatten(3).flatten(1, 2))
    return z.unflatten(2, columns).unflatten(1, rows)  # (degree, m, cos/sin, batch, N, out)
