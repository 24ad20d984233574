"""The product of two spectra: one matrix product for each degree, a few degrees at a time.

A spectrum ``(m, k, degree, re/im, batch, channel)`` holds zeros where a degree has no such orders;
a block of degrees takes the orders that it has, as complex ``(degree, m batch, k channel)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.kernels import DenseKernel, RingKernel, orders_below
from gaugecnn.ops.kept import Keeping

DEGREE_BLOCKS, SMALLEST_BLOCK = 8, 4
"""Products run over at most so many blocks, of at least so many degrees: few launches, and little
arithmetic on zeros."""


@dataclass(frozen=True)
class Blocks:
    """How degrees are taken together.

    Args:
        cutoff: number of degrees.
    """

    cutoff: int

    @property
    def degrees(self) -> list[range]:
        """The degrees of each block."""
        step = max(SMALLEST_BLOCK, math.ceil(self.cutoff / DEGREE_BLOCKS))
        starts = range(0, self.cutoff, step)
        return [range(start, min(start + step, self.cutoff)) for start in starts]

    def part(self, spectrum: Tensor, degrees: range) -> Tensor:
        """The view of a spectrum that a block fills, ``(degree, m, batch, n, channel, re/im)``."""
        n = orders_below(degrees.stop, spectrum.shape[1] // 2)
        part = spectrum[: degrees.stop, n, degrees.start : degrees.stop]
        return part.permute(2, 0, 4, 1, 5, 3)


class _Gather(torch.autograd.Function):
    """A spectrum as its blocks, ``(degree, m, batch, n, channel, re/im)`` each.

    The adjoint is `_Scatter`. Slices under autograd would fill a spectrum with zeros per block.
    """

    @staticmethod
    def forward(spectrum: Tensor, blocks: Blocks) -> tuple[Tensor, ...]:
        return tuple(blocks.part(spectrum, d).clone(memory_format=torch.contiguous_format)
                     for d in blocks.degrees)  # fmt: skip

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Blocks], output: Any) -> None:
        spectrum, ctx.blocks = inputs
        ctx.orders = spectrum.shape[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _Scatter.apply(ctx.blocks, ctx.orders, *gradients), None


class _Scatter(torch.autograd.Function):
    """Blocks to the spectrum ``(m, n, degree, re/im, batch, channel)``, zero elsewhere."""

    @staticmethod
    def forward(blocks: Blocks, orders: int, *parts: Tensor) -> Tensor:
        batch, channel = parts[0].shape[2], parts[0].shape[4]
        shape = (blocks.cutoff, orders, blocks.cutoff, 2, batch, channel)
        spectrum = parts[0].new_zeros(shape)
        for degrees, part in zip(blocks.degrees, parts, strict=True):
            blocks.part(spectrum, degrees).copy_(part)
        return spectrum

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.blocks = inputs[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, None, *_Gather.apply(gradients[0], ctx.blocks)


def merge(parts: list[Tensor], cutoff: int, orders: int) -> Tensor:
    """The blocks of a spectrum as one, ``(m, n, degree, re/im, batch, channel)``."""
    spectrum: Tensor = _Scatter.apply(Blocks(cutoff), orders, *parts)
    return spectrum


def add_constant(parts: list[Tensor], values: Tensor) -> list[Tensor]:
    """The spectrum of a feature to which ``(channel,)`` is added: the real part of degree 0."""
    first = parts[0]
    degrees, m, _, n, _, _ = first.shape
    place = values.new_zeros(degrees, m, 1, n, 1, 2)
    place[0, 0, 0, n // 2, 0, 0] = 1.0
    return [first + place * values[:, None], *parts[1:]]


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

    def forward(self, x: Tensor, kernel: Tensor, scale: float) -> list[Tensor]:
        """The blocks ``(degree, m, batch, n, out, re/im)`` of the product.

        Args:
            x: the spectrum of a feature, ``(m, k, degree, re/im, batch, in)``.
            kernel: values ``(in, out, point)``.
            scale: what the kernel is multiplied by.
        """
        parts = _Gather.apply(x, self.blocks)
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
