"""The product of two spectra: one matrix product for each degree, a few degrees at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.kernels import DenseKernel, RingKernel
from gaugecnn.methods.s2cnn.spectrum import Blocks, to_parts
from gaugecnn.ops.kept import Keeping


class SpectralProduct(Keeping):
    """A spectrum times a kernel's: ``z^l_mn = sum_ck x^l_mk conj(y^l_nk)`` by blocks of degrees.

    While nothing is learned, the kernel's spectrum is computed once (`Keeping`).

    Args:
        spectrum: the kernel's spectrum.
        cutoff: number of degrees.
    """

    def __init__(self, spectrum: DenseKernel | RingKernel, cutoff: int) -> None:
        super().__init__()
        self.spectrum = spectrum
        self.blocks = Blocks(cutoff)

    def forward(self, x: list[Tensor], kernel: Tensor, scale: float) -> list[Tensor]:
        """The parts ``(degree, m, batch, n, out, re/im)`` of the product.

        Args:
            x: the pieces of a feature's spectrum, ``(m, k, degree, re/im, batch, in)``.
            kernel: values ``(in, out, point)``.
            scale: what the kernel is multiplied by.
        """
        parts = to_parts(x)
        # The blocks ``(degree, k, in, n, out)`` of the kernel, kept where nothing is learned.
        spectra = self._once(kernel, lambda: self._compute(kernel, scale))
        return [_block_product(part, y) for part, y in zip(parts, spectra, strict=True)]

    def _compute(self, kernel: Tensor, scale: float) -> list[Tensor]:
        prepared = self.spectrum.prepare(kernel * scale)
        return [self.spectrum.block(prepared, degrees) for degrees in self.blocks.degrees]


def _block_product(x: Tensor, y: Tensor) -> Tensor:
    """``(degree, m, batch, k, in, re/im)`` by ``(degree, k, in, n, out)``, complex.

    Gives ``(degree, m, batch, n, out, re/im)``.
    """
    rows, columns = x.shape[1:3], y.shape[3:]
    x = torch.view_as_complex(x).flatten(3).flatten(1, 2)  # (degree, m batch, k in)
    z = torch.bmm(x, y.flatten(3).flatten(1, 2))  # (degree, m batch, n out)
    return torch.view_as_real(z.unflatten(2, columns).unflatten(1, rows))
