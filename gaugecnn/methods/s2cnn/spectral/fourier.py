"""Real Fourier transforms on the sphere and on SO(3), cut off in degree and in order.

A signal is shown as ``(batch, channel, beta, alpha, gamma)`` and lies in memory as
``(alpha, gamma, batch, channel, beta)``, so that each of the three steps of a transform (alpha,
gamma, beta) is one matrix product, with nothing moved in between. At the sizes of these networks
(under a hundred points an axis) that is several times faster than fast Fourier transforms, whose
output has to be transposed.

A spectrum is a list of parts in real orders (`spectrum`). The sphere is the case of one gamma: only
n = 0 is left.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaugecnn.methods.s2cnn.spectral.fourier_grid import (
    AnalysisTable,
    FourierGrid,
    SynthesisTable,
    wave_tables,
)
from gaugecnn.methods.s2cnn.spectral.pieces import add, analysed, sampled
from gaugecnn.methods.s2cnn.spectral.tables import TableModule
from gaugecnn.ops.adjoint import linear


def as_stored(x: Tensor) -> Tensor:
    """``(batch, channel, beta, alpha, gamma)`` as ``(alpha, gamma, batch, channel, beta)``.

    So it lies in memory; features that our layers gave are not copied.
    """
    return x.permute(3, 4, 0, 1, 2).contiguous()


def as_shown(x: Tensor) -> Tensor:
    """``(alpha, gamma, batch, channel, beta)`` as ``(batch, channel, beta, alpha, gamma)``."""
    return x.permute(2, 3, 4, 0, 1)


class Analysis(TableModule):
    """Signal to spectrum: ``x^l_mn = sum w_j x e^{-i m alpha} e^{-i n gamma} d^l_mn(beta_j)``.

    The parts of it, in real orders.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor
    alpha: Tensor
    gamma: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=AnalysisTable(grid), **wave_tables(grid))
        self.grid = grid

    def forward(self, x: Tensor) -> list[Tensor]:
        """``(batch, channel, beta, alpha, gamma)`` to the parts of its spectrum."""
        grid, (batch, channel, beta) = self.grid, x.shape[:3]
        x = as_stored(x.to(self.matrix.dtype)).flatten(2)  # (alpha, gamma, batch channel beta)
        if grid.has_points:
            x = _each(self.gamma, x)  # (alpha, wave, ...)
        elif grid.orders < x.shape[1]:
            x = x[:, : grid.orders]
        x = self.alpha @ x.flatten(1)  # (m re/im, wave ...)
        x = x.view(grid.cutoff, 2, grid.orders, -1)
        if grid.orders > 1:
            (x,) = linear(orders, waves, x)  # (m, n, re/im, ...)
        x = x.view(grid.cutoff * grid.orders, 2 * batch * channel, beta)
        return analysed(x, self.matrix, grid.cutoff, batch)


class Synthesis(TableModule):
    """Spectrum to signal: ``x = sum_l (2l + 1) sum_mn x^l_mn d^l_mn e^{i m alpha} e^{i n gamma}``.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor
    alpha: Tensor
    gamma: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=SynthesisTable(grid), **wave_tables(grid))
        self.grid = grid

    def forward(self, parts: list[Tensor]) -> Tensor:
        """The parts of a spectrum to ``(batch, channel, beta, alpha, gamma)``."""
        grid, (batch, _, channel) = self.grid, parts[0].shape[3:]
        x = sampled(parts, self.matrix, grid.cutoff)  # (m n, re/im batch channel, beta)
        x = x.view(grid.cutoff, grid.orders, 2, -1)
        if grid.orders > 1:
            (x,) = linear(waves, orders, x)  # (m, re/im, wave, ...)
        x = self.alpha.T @ x.view(2 * grid.cutoff, -1)  # (alpha, wave ...), the real part
        x = x.view(len(x), grid.orders, -1)
        if grid.has_points:
            x = _each(self.gamma.T, x)  # (alpha, gamma, ...)
        elif grid.orders < grid.along_gamma.count:  # waves of orders that no degree has
            x = nn.functional.pad(x, (0, 0, 0, grid.along_gamma.count - grid.orders))
        shape = *x.shape[:2], batch, channel, grid.rings.count
        return as_shown(x.view(shape))


def orders(x: Tensor) -> tuple[Tensor]:
    """Real waves along gamma to complex ones: ``cos(n gamma)`` and ``sin`` to ``e^{-i n gamma}``.

    ``x_n = C_n - i S_n`` and ``x_{-n} = C_n + i S_n``, of ``(m, re/im, wave, ...)``, the waves
    being 1 and then each cosine with its sine; gives ``(m, n, re/im, ...)``, n = 0, 1, -1, 2, ..
    The adjoint is `waves`.
    """
    y = x.new_empty(len(x), x.shape[2], 2, x.shape[3])
    y[:, 0] = x[:, :, 0]
    (c_re, c_im), (s_re, s_im) = x[:, :, 1::2].unbind(1), x[:, :, 2::2].unbind(1)
    add(c_re, s_im, 1, y[:, 1::2, 0])
    add(c_im, s_re, -1, y[:, 1::2, 1])
    add(c_re, s_im, -1, y[:, 2::2, 0])
    add(c_im, s_re, 1, y[:, 2::2, 1])
    return (y,)


def waves(x: Tensor) -> tuple[Tensor]:
    """The adjoint of `orders`, which is its inverse but for a factor of 2 where n is not 0.

    ``C_n = x_n + x_{-n}`` and ``S_n = i (x_n - x_{-n})``, of ``(m, n, re/im, ...)``.
    """
    y = x.new_empty(len(x), 2, x.shape[1], x.shape[3])
    y[:, :, 0] = x[:, 0]
    (p_re, p_im), (q_re, q_im) = x[:, 1::2].unbind(2), x[:, 2::2].unbind(2)
    add(p_re, q_re, 1, y[:, 0, 1::2])
    add(p_im, q_im, 1, y[:, 1, 1::2])
    add(q_im, p_im, -1, y[:, 0, 2::2])
    add(p_re, q_re, -1, y[:, 1, 2::2])
    return (y,)


def _each(matrix: Tensor, x: Tensor) -> Tensor:
    """One matrix ``(row, column)`` times each of ``(index, column, ...)``."""
    return torch.bmm(matrix.expand(len(x), -1, -1), x)
