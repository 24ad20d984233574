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
        x = x.to(self.matrix.dtype)
        x = _HalfSpectrum.apply(x, self.grid.cutoff)  # (batch, channel, beta, m, gamma)
        x = _to_orders(x, self.grid)  # (batch, channel, beta, m, n)
        x = x.permute(3, 4, 2, 0, 1)  # (m, n, beta, batch, channel)
        x = torch.view_as_real(x.contiguous()).flatten(3)  # (m, n, beta, batch channel re/im)
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
        x = x.permute(3, 4, 2, 0, 1)  # (batch, channel, beta, m, n)
        x = _from_orders(x, self.grid)  # (batch, channel, beta, m, gamma)
        return torch.fft.irfft(x, n=2 * self.grid.sampling, dim=3, norm="forward")


class _HalfSpectrum(torch.autograd.Function):
    """``sum_alpha x e^{-i m alpha}`` for 0 <= m < cutoff, with a gradient of the same cost.

    The gradient, ``Re sum_m g_m e^{i m alpha}``, is a real transform of g with all but m = 0
    halved; torch's own fills a full complex spectrum with zeros first, at eight times the time.
    """

    @staticmethod
    def forward(x: Tensor, cutoff: int) -> Tensor:
        return torch.fft.rfft(x, dim=3)[:, :, :, :cutoff]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, int], output: Tensor) -> None:
        ctx.points = inputs[0].shape[3]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        halved = torch.cat([gradient[:, :, :, :1], gradient[:, :, :, 1:] / 2], dim=3)
        return torch.fft.irfft(halved, n=ctx.points, dim=3, norm="forward"), None


def _to_orders(x: Tensor, grid: FourierGrid) -> Tensor:
    """``sum_gamma x e^{-i n gamma}``, last axis gamma -> n, from -max_order to max_order."""
    if grid.gamma_points == 1:
        return x
    x = torch.fft.fft(x, dim=-1)
    negative = x[..., grid.gamma_points - grid.max_order :]
    return torch.cat([negative, x[..., : grid.max_order + 1]], dim=-1)


def _from_orders(x: Tensor, grid: FourierGrid) -> Tensor:
    """``sum_n x e^{i n gamma}``, last axis n -> gamma."""
    if grid.gamma_points == 1:
        return x
    gap = x.new_zeros(*x.shape[:-1], grid.gamma_points - 2 * grid.max_order - 1)
    x = torch.cat([x[..., grid.max_order :], gap, x[..., : grid.max_order]], dim=-1)
    return torch.fft.ifft(x, dim=-1, norm="forward")
