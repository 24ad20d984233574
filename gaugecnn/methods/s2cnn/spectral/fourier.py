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

from functools import partial

from torch import Tensor, nn

from gaugecnn.methods.s2cnn.spectral.circles import along, along_adjoint, orders, waves
from gaugecnn.methods.s2cnn.spectral.fourier_grid import (
    AnalysisTable,
    FourierGrid,
    SynthesisTable,
    wave_tables,
)
from gaugecnn.methods.s2cnn.spectral.pieces import to_parts, to_rings
from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks
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
        # (alpha, group, wave, ...)
        x = along(self.gamma, x) if grid.has_points else x[:, None, : grid.orders]
        groups, rows, inner = x.shape[1:]
        x = along(self.alpha, x.flatten(1)[None])  # (1, group, m re/im, group wave ...)
        x = x.view(x.shape[1], x.shape[2] // 2, 2, groups, rows, inner)
        size = batch, channel, beta
        there, back = partial(_parts, grid, self.matrix, size), partial(_waves, grid, self.matrix)
        return list(linear(there, back, x))


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
        size = batch, channel, grid.rings.count
        there, back = partial(_waves, grid, self.matrix), partial(_parts, grid, self.matrix, size)
        (x,) = linear(there, back, *parts)
        of_gamma = x.shape[3:]  # (group, wave, ...)
        x = along_adjoint(self.alpha, x.flatten(3).flatten(1, 2)[None])  # the real part
        x = x.view(2 * grid.sampling, *of_gamma)
        if grid.has_points:
            x = along_adjoint(self.gamma, x)  # (alpha, gamma, ...)
        elif grid.orders < grid.along_gamma.count:  # waves of orders that no degree has
            x = nn.functional.pad(x, (0, 0, 0, grid.along_gamma.count - grid.orders))
        shape = len(x), grid.along_gamma.count, batch, channel, grid.rings.count
        return as_shown(x.view(shape))


def _parts(
    grid: FourierGrid, table: Tensor, size: tuple[int, int, int], x: Tensor
) -> tuple[Tensor, ...]:
    """Waves along both circles to the parts of a spectrum; the adjoint of `_waves`.

    Args:
        grid: of the waves.
        table: ``(m n, degree, beta)``.
        size: batch, channels, and rings.
        x: ``(group of m, m, re/im, group of n, wave, batch channel beta)``.
    """
    x = orders(grid.cutoff, grid.orders, x).view(len(table), -1, size[2])  # (m n, .., beta)
    return to_parts(Blocks(grid.cutoff), table, size[:2], x)


def _waves(grid: FourierGrid, table: Tensor, *parts: Tensor) -> tuple[Tensor]:
    """The parts of a spectrum to waves along both circles; the adjoint of `_parts`."""
    x = to_rings(Blocks(grid.cutoff), table, *parts)
    return (waves(grid.groups, x.view(grid.cutoff, grid.orders, 2, -1)),)
