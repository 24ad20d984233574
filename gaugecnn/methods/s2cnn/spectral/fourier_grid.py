"""Grids on SO(3), and the constants of their Fourier transforms, built in float64."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.along_gamma import Samples, Waves
from gaugecnn.methods.s2cnn.rings import RingGrid, Rings
from gaugecnn.methods.s2cnn.spectral.circles import AlphaTable, GammaTable, groups_of
from gaugecnn.methods.s2cnn.spectral.real_basis import phases
from gaugecnn.methods.s2cnn.spectral.tables import Table
from gaugecnn.methods.s2cnn.spectral.wigner import small_d
from gaugecnn.methods.s2cnn.types import GroupType


@dataclass(frozen=True)
class FourierGrid:
    """A grid and how much of the spectrum is taken from it.

    Args:
        cutoff: number of degrees, l = 0 .. cutoff - 1.
        max_order: largest order n along gamma; 0 on the sphere.
        sampling: bandwidth of the grid in beta and alpha, at least the cut-off.
        along_gamma: points along gamma, one on the sphere; or waves.
        kind: where the rings of the grid lie.
    """

    cutoff: int
    max_order: int
    sampling: int
    along_gamma: Samples | Waves
    kind: Rings = Rings.equiangular

    def __post_init__(self) -> None:
        if not 1 <= self.cutoff <= self.sampling:
            raise ValueError(
                f"expected 1 <= degree cut-off <= bandwidth of the sampling grid, "
                f"got cut-off {self.cutoff} on a grid of bandwidth {self.sampling}"
            )
        if 2 * self.max_order >= self.along_gamma.count:
            raise ValueError(
                f"expected more than {2 * self.max_order} gamma points or waves for orders up to "
                f"{self.max_order}, got {self.along_gamma}"
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
    def has_points(self) -> bool:
        """Whether there are points along gamma to be transformed."""
        return isinstance(self.along_gamma, Samples) and self.along_gamma.count > 1

    @property
    def groups(self) -> tuple[int, int]:
        """In how many groups the waves along alpha and along gamma are (`circles`)."""
        along_gamma = groups_of(self.along_gamma.count) if self.has_points else 1
        return groups_of(2 * self.sampling), along_gamma

    def of_waves(self, table: Tensor, share: float) -> Tensor:
        """A table ``(degree, m, n, beta)`` of d as one for real orders and what lies along gamma.

        Args:
            table: for ``C_n -+ i S_n``, C and S being the cosines and sines of `circles.orders`.
            share: what each point counts.
        """
        table = table * phases(self.cutoff, self.max_order)[..., None]
        if isinstance(self.along_gamma, Samples):
            return table * share
        factor = torch.full((self.orders, 1), math.sqrt(0.5), dtype=torch.float64)
        factor[0] = 1.0  # of the waves 1, sqrt(2) cos and sqrt(2) sin
        return table * factor

    def small_d(self) -> Tensor:
        """``d^l_mn(beta_j)``, ``(degree, m, n, beta)``, m >= 0 and n = 0, 1, -1, .., float64.

        The colatitudes are symmetric about the equator, so that negative n come from positive
        ones: ``d^l_{m,-n}(beta) = (-1)^{l+m} d^l_mn(pi - beta)``.
        """
        betas = tuple(self.rings.colatitudes().tolist())
        right = small_d(self.cutoff, range(self.cutoff), range(self.max_order + 1), betas)
        degree = torch.arange(self.cutoff)
        sign = 1.0 - 2.0 * ((degree[:, None] + degree) % 2).double()  # (degree, m)
        left = sign[:, :, None, None] * right[:, :, 1:].flip(3)
        both = torch.stack([right[:, :, 1:], left], dim=3).flatten(2, 3)
        return torch.cat([right[:, :, :1], both], dim=2)


@dataclass(frozen=True)
class AnalysisTable(Table):
    """``w_j d^l_mn(beta_j)`` as ``(m n, degree, beta)``, w_j per point of the whole grid."""

    grid: FourierGrid

    def build(self) -> Tensor:
        grid, weights = self.grid, self.grid.rings.weights() / (2 * self.grid.sampling)
        table = grid.of_waves(grid.small_d() * weights, share=1 / grid.along_gamma.count)
        return table.permute(1, 2, 0, 3).flatten(0, 1).contiguous()


@dataclass(frozen=True)
class SynthesisTable(Table):
    """``(2l + 1) d^l_mn(beta_j)`` as ``(m n, degree, beta)``."""

    grid: FourierGrid

    def build(self) -> Tensor:
        grid = self.grid
        dimension = 2 * torch.arange(grid.cutoff, dtype=torch.float64) + 1
        table = grid.of_waves(grid.small_d(), share=1.0).permute(1, 2, 0, 3)
        return (table * dimension[:, None]).flatten(0, 1).contiguous()


def wave_tables(grid: FourierGrid) -> dict[str, Table]:
    """The waves of both transforms: the matrices of one are those of the other, transposed."""
    of_alpha, of_gamma = grid.groups
    tables: dict[str, Table] = {"alpha": AlphaTable(grid.cutoff, 2 * grid.sampling, of_alpha)}
    if grid.has_points:
        tables["gamma"] = GammaTable(grid.max_order, grid.along_gamma.count, of_gamma)
    return tables


def fourier_grid(type_: GroupType, cutoff: int, max_order: int | None = None) -> FourierGrid:
    """The grid of a feature, of which so many degrees and orders are taken.

    Args:
        type_: the feature.
        cutoff: number of degrees.
        max_order: largest order n; by default all that the feature and its degrees have.
    """
    order = min(type_.order, cutoff - 1)
    order = order if max_order is None else min(order, max_order)
    return FourierGrid(cutoff, order, type_.sampling, type_.along_gamma, type_.kind)
