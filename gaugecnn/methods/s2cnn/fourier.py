"""Real Fourier transforms on the sphere and on SO(3), cut off in degree and in order.

A signal is shown as ``(batch, channel, beta, alpha, gamma)`` and lies in memory as
``(alpha, gamma, batch, channel, beta)``, so that each of the three steps of a transform (alpha,
gamma, beta) is one matrix product, with nothing moved in between. At the sizes of these networks
(under a hundred points an axis) that is several times faster than fast Fourier transforms, whose
output has to be transposed.

A spectrum is a list of pieces (`spectrum`), with m >= 0 only: the signal is real, so that negative
m say nothing new, ``x^l_{-m,-n} = (-1)^{m-n} conj(x^l_mn)``. The sphere is the case of one gamma:
only n = 0 is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.rings import RingGrid, Rings
from gaugecnn.methods.s2cnn.spectrum import degrees_of, rings_of
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


class Analysis(TableModule):
    """Signal to spectrum: ``x^l_mn = sum w_j x e^{-i m alpha} e^{-i n gamma} d^l_mn(beta_j)``.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor
    alpha: Tensor
    gamma: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=AnalysisTable(grid), **_wave_tables(grid))
        self.grid = grid

    def forward(self, x: Tensor) -> list[Tensor]:
        """``(batch, channel, beta, alpha, gamma)`` to the pieces of its spectrum."""
        grid, (batch, channel, beta) = self.grid, x.shape[:3]
        x = as_stored(x.to(self.matrix.dtype)).flatten(2)  # (alpha, gamma, batch channel beta)
        if grid.gamma_points > 1:
            x = _each(self.gamma, x)  # (alpha, wave, ...)
        x = self.alpha @ x.flatten(1)  # (m re/im, wave ...)
        x = x.view(grid.cutoff, 2, grid.orders, -1)
        if grid.orders > 1:
            x = _Orders.apply(x)  # (m, n, re/im, ...)
        x = x.view(grid.cutoff * grid.orders, 2 * batch * channel, beta)
        pieces = degrees_of(x, self.matrix, grid.cutoff)  # (m n, degree, re/im batch channel)
        return [piece.view(-1, grid.orders, piece.shape[1], 2, batch, channel) for piece in pieces]


class Synthesis(TableModule):
    """Spectrum to signal: ``x = sum_l (2l + 1) sum_mn x^l_mn d^l_mn e^{i m alpha} e^{i n gamma}``.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor
    alpha: Tensor
    gamma: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=SynthesisTable(grid), **_wave_tables(grid))
        self.grid = grid

    def forward(self, pieces: list[Tensor]) -> Tensor:
        """The pieces of a spectrum to ``(batch, channel, beta, alpha, gamma)``."""
        grid, (batch, channel) = self.grid, pieces[0].shape[4:]
        flat = [piece.flatten(3).flatten(0, 1) for piece in pieces]
        x = rings_of(flat, self.matrix, grid.cutoff)  # (m n, re/im batch channel, beta)
        x = x.view(grid.cutoff, grid.orders, 2, -1)
        if grid.orders > 1:
            x = _Waves.apply(x)  # (m, re/im, wave, ...)
        x = self.alpha.T @ x.view(2 * grid.cutoff, -1)  # (alpha, wave ...), the real part
        if grid.gamma_points > 1:
            x = _each(self.gamma.T, x.view(len(x), grid.orders, -1))  # (alpha, gamma, ...)
        shape = 2 * grid.sampling, grid.gamma_points, batch, channel, grid.rings.count
        return as_shown(x.view(shape))


class _Orders(torch.autograd.Function):
    """Real waves along gamma to complex ones: ``cos(n gamma)`` and ``sin`` to ``e^{-i n gamma}``.

    ``x_n = C_n - i S_n`` and ``x_{-n} = C_n + i S_n``, of ``(m, re/im, wave, ...)``, the waves
    being 1, the cosines, the sines; gives ``(m, n, re/im, ...)``. The adjoint is `_Waves`.
    """

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        top = x.shape[2] // 2
        y = x.new_empty(len(x), x.shape[2], 2, x.shape[3])
        y[:, top] = x[:, :, 0]
        for n in range(1, top + 1):
            (c_re, c_im), (s_re, s_im) = x[:, :, n].unbind(1), x[:, :, top + n].unbind(1)
            _add(c_re, s_im, 1, y[:, top + n, 0])
            _add(c_im, s_re, -1, y[:, top + n, 1])
            _add(c_re, s_im, -1, y[:, top - n, 0])
            _add(c_im, s_re, 1, y[:, top - n, 1])
        return y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        x: Tensor = _Waves.apply(gradients[0])
        return x


class _Waves(torch.autograd.Function):
    """The adjoint of `_Orders`, which is its inverse but for a factor of 2 where n is not 0.

    ``C_n = x_n + x_{-n}`` and ``S_n = i (x_n - x_{-n})``, of ``(m, n, re/im, ...)``.
    """

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        top = x.shape[1] // 2
        y = x.new_empty(len(x), 2, x.shape[1], x.shape[3])
        y[:, :, 0] = x[:, top]
        for n in range(1, top + 1):
            (p_re, p_im), (q_re, q_im) = x[:, top + n].unbind(1), x[:, top - n].unbind(1)
            _add(p_re, q_re, 1, y[:, 0, n])
            _add(p_im, q_im, 1, y[:, 1, n])
            _add(q_im, p_im, -1, y[:, 0, top + n])
            _add(p_re, q_re, -1, y[:, 1, top + n])
        return y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        x: Tensor = _Orders.apply(gradients[0])
        return x


def _add(x: Tensor, y: Tensor, sign: int, place: Tensor) -> None:
    """``x + sign y``, written to its place."""
    if torch.compiler.is_compiling():  # which has no rule for a place with gaps
        place.copy_(x + sign * y)
    else:
        torch.add(x, y, alpha=sign, out=place)


def _wave_tables(grid: FourierGrid) -> dict[str, Table]:
    """The waves of both transforms: the matrices of one are those of the other, transposed."""
    return {
        "alpha": AlphaTable(grid.cutoff, 2 * grid.sampling),
        "gamma": GammaTable(grid.max_order, grid.gamma_points),
    }


def _each(matrix: Tensor, x: Tensor) -> Tensor:
    """One matrix ``(row, column)`` times each of ``(index, column, ...)``."""
    return torch.bmm(matrix.expand(len(x), -1, -1), x)


def _phases(orders: Tensor, points: int) -> Tensor:
    """``order * angle`` at `points` angles about the circle, ``(order, angle)``, float64."""
    angles = 2 * math.pi * torch.arange(points, dtype=torch.float64) / points
    return torch.outer(orders.double(), angles)
