"""Real Fourier transforms on the sphere and on SO(3), cut off in degree and in order.

A signal is ``(batch, channel, beta, alpha, gamma)`` and its spectrum is complex,
``(m, n, degree, batch, channel)`` with ``m = 0 .. cutoff - 1`` and ``n = -max_order .. max_order``;
entries of degrees below max(m, |n|) are zero. The signal is real, so negative m say nothing new:
``x^l_{-m,-n} = (-1)^{m-n} conj(x^l_mn)``. The sphere is the case of one gamma: only n = 0 is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.tables import Table, TableModule
from gaugecnn.methods.s2cnn.wigner import small_d
from gaugecnn.surfaces.lat_lon import quadrature_weights, soft_colatitudes

Orders = tuple[int, int]
Points = tuple[int, int]


@dataclass(frozen=True)
class FourierGrid:
    """A grid and how much of the spectrum is taken from it.

    Args:
        cutoff: number of degrees, l = 0 .. cutoff - 1.
        max_order: largest order n along gamma; 0 on the sphere.
        sampling: bandwidth of the grid in beta and alpha, at least the cut-off.
        gamma_points: points along gamma; 1 on the sphere.
    """

    cutoff: int
    max_order: int
    sampling: int
    gamma_points: int

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
    def axes(self) -> tuple[Orders, Points]:
        """(cut-off, max_order) and (alpha points, gamma points)."""
        return (self.cutoff, self.max_order), (2 * self.sampling, self.gamma_points)

    def small_d(self) -> Tensor:
        """``d^l_mn(beta_j)``, ``(degree, m, n, beta)`` with m >= 0, float64."""
        orders = range(-self.max_order, self.max_order + 1)
        betas = tuple(soft_colatitudes(self.sampling).tolist())
        return small_d(self.cutoff, range(self.cutoff), orders, betas)


@dataclass(frozen=True)
class AnalysisTable(Table):
    """``w_j d^l_mn(beta_j)`` as ``(m, n, degree, beta)``, w_j per point of the whole grid."""

    grid: FourierGrid

    def build(self) -> Tensor:
        weights = quadrature_weights(self.grid.sampling) / self.grid.gamma_points
        return (self.grid.small_d() * weights).permute(1, 2, 0, 3).contiguous()


@dataclass(frozen=True)
class SynthesisTable(Table):
    """``(2l + 1) d^l_mn(beta_j)`` as ``(m, n, beta, degree)``."""

    grid: FourierGrid

    def build(self) -> Tensor:
        dimension = 2 * torch.arange(self.grid.cutoff, dtype=torch.float64) + 1
        return (self.grid.small_d().permute(1, 2, 3, 0) * dimension).contiguous()


class Analysis(TableModule):
    """Signal to spectrum: ``x^l_mn = sum w_j x e^{-i m alpha} e^{-i n gamma} d^l_mn(beta_j)``.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=AnalysisTable(grid))
        self.grid = grid

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, channel, beta, alpha, gamma)`` to ``(m, n, degree, batch, channel)``."""
        batch, channel = x.shape[:2]
        x = _ToOrders.apply(
            x.to(self.matrix.dtype), *self.grid.axes
        )  # (m, n, beta, batch, channel)
        x = torch.view_as_real(x).flatten(3)  # (m, n, beta, batch channel re/im)
        x = self.matrix @ x  # (m, n, degree, batch channel re/im)
        return torch.view_as_complex(x.unflatten(3, (batch, channel, 2)))


class Synthesis(TableModule):
    """Spectrum to signal: ``x = sum_l (2l + 1) sum_mn x^l_mn d^l_mn e^{i m alpha} e^{i n gamma}``.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    matrix: Tensor

    def __init__(self, grid: FourierGrid) -> None:
        super().__init__(matrix=SynthesisTable(grid))
        self.grid = grid

    def forward(self, x: Tensor) -> Tensor:
        """``(m, n, degree, batch, channel)`` to ``(batch, channel, beta, alpha, gamma)``."""
        batch, channel = x.shape[3:]
        x = torch.view_as_real(x).flatten(3)  # (m, n, degree, batch channel re/im)
        x = self.matrix @ x  # (m, n, beta, batch channel re/im)
        x = torch.view_as_complex(x.unflatten(3, (batch, channel, 2)))
        return _FromOrders.apply(x, *self.grid.axes)  # (batch, channel, beta, alpha, gamma)


class _ToOrders(torch.autograd.Function):
    """``sum x e^{-i m alpha} e^{-i n gamma}``, whose adjoint is the other transform.

    Its gradient is ``Re sum_{m >= 0, n} g_mn e^{i m alpha} e^{i n gamma}``, a real transform of g
    with m > 0 halved. Torch's own gradient of a real transform fills a complex spectrum with
    zeros first, which takes several times as long.
    """

    @staticmethod
    def forward(x: Tensor, orders: Orders, points: Points) -> Tensor:
        return _to_orders(x, orders, points)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Orders, Points], output: Tensor) -> None:
        _, ctx.orders, ctx.points = inputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        halved = _scale_positive(gradients[0], 0.5)
        return _FromOrders.apply(halved, ctx.orders, ctx.points), None, None


class _FromOrders(torch.autograd.Function):
    """``sum x e^{i m alpha} e^{i n gamma}`` over m of both signs, the adjoint of `_ToOrders`."""

    @staticmethod
    def forward(x: Tensor, orders: Orders, points: Points) -> Tensor:
        return _from_orders(x, orders, points)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Orders, Points], output: Tensor) -> None:
        _, ctx.orders, ctx.points = inputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        spectrum = _ToOrders.apply(gradients[0], ctx.orders, ctx.points)
        return _scale_positive(spectrum, 2.0), None, None


def _scale_positive(x: Tensor, factor: float) -> Tensor:
    """A spectrum ``(m, ...)`` with all but m = 0 multiplied."""
    return torch.cat([x[:1], x[1:] * factor])


def _to_orders(x: Tensor, orders: Orders, points: Points) -> Tensor:
    """``(batch, channel, beta, alpha, gamma)`` to ``(m, n, beta, batch, channel)``."""
    (cutoff, max_order), (_, gamma_points) = orders, points
    if gamma_points == 1:
        x = torch.fft.rfft(x, dim=3)[:, :, :, :cutoff]  # (batch, channel, beta, m, n = 0)
        return x.permute(3, 4, 2, 0, 1).contiguous()
    x = torch.fft.rfftn(x, dim=(4, 3))[:, :, :, :cutoff]  # (batch, channel, beta, m, n cyclic)
    x = x.permute(3, 4, 2, 0, 1)
    return torch.cat([x[:, gamma_points - max_order :], x[:, : max_order + 1]], dim=1)


def _from_orders(x: Tensor, orders: Orders, points: Points) -> Tensor:
    """``(m, n, beta, batch, channel)`` to ``(batch, channel, beta, alpha, gamma)``."""
    (_, max_order), (alpha_points, gamma_points) = orders, points
    x = x.permute(3, 4, 2, 0, 1)  # (batch, channel, beta, m, n)
    if gamma_points > 1:
        gap = x.new_zeros(*x.shape[:4], gamma_points - 2 * max_order - 1)
        x = torch.cat([x[..., max_order:], gap, x[..., :max_order]], dim=4)
        x = torch.fft.ifft(x, dim=4, norm="forward")  # (batch, channel, beta, m, gamma)
    return torch.fft.irfft(x, n=alpha_points, dim=3, norm="forward")
