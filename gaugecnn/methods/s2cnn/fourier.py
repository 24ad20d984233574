"""Real Fourier transforms on the sphere and on SO(3), cut off in degree and in order.

A signal is shown as ``(batch, channel, beta, alpha, gamma)`` and lies in memory as
``(alpha, gamma, batch, channel, beta)``, so that each of the three steps of a transform (alpha,
gamma, beta) is one matrix product, with nothing moved in between. At the sizes of these networks
(under a hundred points an axis) that is several times faster than fast Fourier transforms, whose
output has to be transposed.

A spectrum is real, ``(m, n, degree, re/im, batch, channel)`` with ``m = 0 .. cutoff - 1`` and
``n = -max_order .. max_order``; entries of degrees below max(m, |n|) are zero. The signal is real,
so negative m say nothing new: ``x^l_{-m,-n} = (-1)^{m-n} conj(x^l_mn)``. The sphere is the case of
one gamma: only n = 0 is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.rings import RingGrid, Rings
from gaugecnn.methods.s2cnn.tables import Table, TableModule
from gaugecnn.methods.s2cnn.wigner import small_d


def as_stored(x: Tensor) -> Tensor:
    """``(batch, channel, beta, alpha, gamma)`` as ``(alpha, gamma, batch, channel, beta)``.

    So it lies in memory; features that our layers gave are not copied.
    """
    return x.permute(3, 4, 0, 1, 2).contiguous()


def as_shown(x: Tensor) -> Tensor:
    """``(alpha, gamma, batch, channel, beta)`` as ``(batch, channel, beta, alpha, gamma)``."""
    return x.permute(2, 3, 4, 0, 1)


@dataclass(frozen=True)
class FourierGrid:
    """A grid and how much of the spectrum is taken from it.

    Args:
        cutoff: number of degrees, l = 0 .. cutoff - 1.
        max_order: largest order n along gamma; 0 on the sphere.
        sampling: bandwidth of the grid in beta and alpha, at least the cut-off.
        gamma_points: points along gamma; 1 on the sphere.
        kind: where the rings of the grid lie.
    """

    cutoff: int
    max_order: int
    sampling: int
    gamma_points: int
    kind: Rings = Rings.equiangular

    def __post_init__(self) -> None:
        if not 1 <= self.cutoff <= self.sampling:
            raise ValueError(
                f"expected 1 <= degree cut-off <= bandwidth of the sampling grid, "
                f"got cut-off {self.cutoff} on a grid of bandwidth {self.sampling}"
            )
        if 2 * self.max_order >= self.gamma_points:
            raise ValueError(
                f"expected more than {2 * self.max_order} gamma points for orders up to "
                f"{self.max_order}, got {self.gamma_points}"
            )

    @property
    def rings(self) -> RingGrid:
        """The colatitudes of the grid and their weights."""
        return RingGrid(self.kind, self.sampling)

    @property
    def orders(self) -> int:
        """How many orders n there are."""
        return 2 * self.max_order + 1

    @property
    def thins(self) -> bool:
        """Whether gamma is worth a step of its own, before alpha: it has many points more."""
        return self.gamma_points >= 1.5 * self.orders and self.gamma_points > 2

    @property
    def columns(self) -> int:
        """What is left of gamma when alpha's turn comes: real waves, or the points."""
        return self.orders if self.thins else self.gamma_points

    def small_d(self) -> Tensor:
        """``d^l_mn(beta_j)``, ``(degree, m, n, beta)`` with m >= 0, float64.

        The colatitudes are symmetric about the equator, so that negative n come from positive
        ones: ``d^l_{m,-n}(beta) = (-1)^{l+m} d^l_mn(pi - beta)``.
        """
        betas = tuple(self.rings.colatitudes().tolist())
        right = small_d(self.cutoff, range(self.cutoff), range(self.max_order + 1), betas)
        if self.max_order == 0:
            return right
        degree = torch.arange(self.cutoff)
        sign = 1.0 - 2.0 * ((degree[:, None] + degree) % 2).double()  # (degree, m)
        left = sign[:, :, None, None] * right[:, :, 1:].flip(2, 3)
        return torch.cat([left, right], dim=2)


@dataclass(frozen=True)
class AnalysisTable(Table):
    """``w_j d^l_mn(beta_j)`` as ``(m n, degree, beta)``, w_j per point of the whole grid."""

    grid: FourierGrid

    def build(self) -> Tensor:
        weights = self.grid.rings.weights() / (2 * self.grid.sampling * self.grid.gamma_points)
        return (self.grid.small_d() * weights).permute(1, 2, 0, 3).flatten(0, 1).contiguous()


@dataclass(frozen=True)
class SynthesisTable(Table):
    """``(2l + 1) d^l_mn(beta_j)`` as ``(m n, degree, beta)``, doubled where m > 0.

    The terms of -m are the conjugates of those of m, and the signal is the real part.
    """

    grid: FourierGrid

    def build(self) -> Tensor:
        dimension = 2 * torch.arange(self.grid.cutoff, dtype=torch.float64) + 1
        both = torch.full((self.grid.cutoff, 1, 1, 1), 2.0, dtype=torch.float64)  # (m, 1, 1, 1)
        both[0] = 1.0
        table = self.grid.small_d().permute(1, 2, 0, 3) * dimension[:, None] * both
        return table.flatten(0, 1).contiguous()


@dataclass(frozen=True)
class AlphaTable(Table):
    """``e^{-i m alpha}`` as ``(m re/im, alpha)``."""

    cutoff: int
    points: int

    def build(self) -> Tensor:
        phase = _phases(torch.arange(self.cutoff), self.points)  # (m, alpha)
        return torch.stack([phase.cos(), -phase.sin()], dim=1).flatten(0, 1)


@dataclass(frozen=True)
class GammaTable(Table):
    """The real waves 1, cos(n gamma), sin(n gamma), ``(wave, gamma)``, n = 1 .. max_order."""

    max_order: int
    points: int

    def build(self) -> Tensor:
        phase = _phases(torch.arange(self.max_order + 1), self.points)  # (n, gamma)
        return torch.cat([phase.cos(), phase[1:].sin()])


@dataclass(frozen=True)
class OrderTable(Table):
    """Complex waves ``e^{-i n gamma}``, ``(n re/im, re/im column)``, of real waves or of points.

    What comes in is complex by its waves along alpha, so that both parts of a product with
    ``cos(n gamma) - i sin(n gamma)`` take both parts of what comes in.
    """

    grid: FourierGrid

    def build(self) -> Tensor:
        top, orders = self.grid.max_order, self.grid.orders
        cos, sin = (torch.zeros(orders, orders, dtype=torch.float64) for _ in range(2))
        for n in range(-top, top + 1):
            cos[top + n, abs(n)] = 1.0
            if n:
                sin[top + n, top + abs(n)] = math.copysign(1.0, n)
        if not self.grid.thins:
            waves = GammaTable(top, self.grid.gamma_points).build()  # (wave, gamma)
            cos, sin = cos @ waves, sin @ waves
        # (cos - i sin)(re + i im): rows re, im of the product, columns re, im of the factor
        rows = [torch.stack([cos, sin], dim=1), torch.stack([-sin, cos], dim=1)]
        return torch.stack(rows, dim=1).flatten(2).flatten(0, 1)


class Analysis(TableModule):
    """Signal to spectrum: ``x^l_mn = sum w_j x e^{-i m alpha} e^{-i n gamma} d^l_mn(beta_j)``.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor
    alpha: Tensor
    gamma: Tensor
    orders: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=AnalysisTable(grid), **_wave_tables(grid))
        self.grid = grid

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, channel, beta, alpha, gamma)`` to ``(m, n, degree, re/im, batch, channel)``."""
        grid, (batch, channel, beta) = self.grid, x.shape[:3]
        x = as_stored(x.to(self.matrix.dtype)).flatten(2)  # (alpha, gamma, batch channel beta)
        if grid.thins:
            x = _each(self.gamma, x)  # (alpha, column, ...)
        x = self.alpha @ x.flatten(1)  # (m re/im, column ...)
        if grid.gamma_points > 1:
            x = _each(self.orders, x.view(grid.cutoff, 2 * grid.columns, -1))  # (m, n re/im, ...)
        x = x.view(grid.cutoff * grid.orders, 2 * batch * channel, beta)
        x = torch.bmm(self.matrix, x.mT)  # (m n, degree, re/im batch channel)
        return x.view(grid.cutoff, grid.orders, grid.cutoff, 2, batch, channel)


class Synthesis(TableModule):
    """Spectrum to signal: ``x = sum_l (2l + 1) sum_mn x^l_mn d^l_mn e^{i m alpha} e^{i n gamma}``.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor
    alpha: Tensor
    gamma: Tensor
    orders: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=SynthesisTable(grid), **_wave_tables(grid))
        self.grid = grid

    def forward(self, x: Tensor) -> Tensor:
        """``(m, n, degree, re/im, batch, channel)`` to ``(batch, channel, beta, alpha, gamma)``."""
        grid, (batch, channel) = self.grid, x.shape[4:]
        x = x.reshape(grid.cutoff * grid.orders, grid.cutoff, 2 * batch * channel)
        x = torch.bmm(x.mT, self.matrix)  # (m n, re/im batch channel, beta)
        if grid.gamma_points > 1:
            x = x.view(grid.cutoff, 2 * grid.orders, -1)  # (m, n re/im, batch channel beta)
            x = _each(self.orders.T, x)  # (m, re/im column, ...)
        x = self.alpha.T @ x.view(2 * grid.cutoff, -1)  # (alpha, column ...), the real part
        if grid.thins:
            x = _each(self.gamma.T, x.view(len(x), grid.columns, -1))  # (alpha, gamma, ...)
        shape = 2 * grid.sampling, grid.gamma_points, batch, channel, grid.rings.count
        return as_shown(x.view(shape))


def _wave_tables(grid: FourierGrid) -> dict[str, Table]:
    """The waves of both transforms: the matrices of one are those of the other, transposed."""
    return {
        "alpha": AlphaTable(grid.cutoff, 2 * grid.sampling),
        "gamma": GammaTable(grid.max_order, grid.gamma_points),
        "orders": OrderTable(grid),
    }


def _each(matrix: Tensor, x: Tensor) -> Tensor:
    """One matrix ``(row, column)`` times each of ``(index, column, ...)``."""
    return torch.bmm(matrix.expand(len(x), -1, -1), x)


def _phases(orders: Tensor, points: int) -> Tensor:
    """``order * angle`` at `points` angles about the circle, ``(order, angle)``, float64."""
    angles = 2 * math.pi * torch.arange(points, dtype=torch.float64) / points
    return torch.outer(orders.double(), angles)
