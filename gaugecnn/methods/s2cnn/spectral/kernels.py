"""The spectrum of a kernel that is given by its values at a few points, in real orders.

``y^l_NK = sum_g k_g D^l_NK(g)``, D in the real basis (`real_basis`). Each class gives the degrees
by blocks, because a product over a block of degrees needs only the orders that those degrees have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.grids import Grid
from gaugecnn.methods.s2cnn.spectral.real_basis import real_column, real_functions, real_waves
from gaugecnn.methods.s2cnn.spectral.shells import Shells, by_degrees
from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, orders_below
from gaugecnn.methods.s2cnn.spectral.tables import Table, TableModule
from gaugecnn.methods.s2cnn.spectral.wigner import small_d

Points = tuple[tuple[float, ...], ...]


def as_points(grid: Grid) -> Points:
    """A kernel grid ``(point, angle)`` as a hashable value."""
    return tuple(tuple(map(float, row)) for row in np.asarray(grid, dtype=np.float64))


@dataclass(frozen=True)
class S2KernelTable(Table):
    """``2 b_out D^l_N0(g)``, ``(degree, K = 0, N, point)``."""

    points: Points
    cutoff: int
    max_order: int
    bandwidth_out: int

    def build(self) -> Tensor:
        beta, alpha = torch.tensor(self.points, dtype=torch.float64).unbind(1)
        orders = range(self.max_order + 1)
        d = small_d(self.cutoff, orders, range(1), tuple(beta.tolist()))[:, :, 0]
        wave = torch.exp(-1j * torch.outer(torch.tensor(orders), alpha))  # (n, point)
        return 2 * self.bandwidth_out * real_column(d * wave).unsqueeze(1)


@dataclass(frozen=True)
class CollapsedKernelTable(Table):
    """``y_k = sum_{even n} D^l_nk(g)`` in real orders K, summed before channels mix.

    Built as ``(degree, K, N = 0, point)``. Even n keep ``y_{-k} = (-1)^k conj(y_k)``, the
    symmetry of a real field on the sphere; odd n would add an imaginary field.
    """

    points: Points
    cutoff: int
    max_order: int

    def build(self) -> Tensor:
        beta, alpha, gamma = torch.tensor(self.points, dtype=torch.float64).unbind(1)
        n, k = range(-(self.cutoff - 1), self.cutoff), range(self.max_order + 1)
        rings, ring = np.unique(beta.numpy(), return_inverse=True)
        d = small_d(self.cutoff, n, k, tuple(rings.tolist()))  # (degree, n, k, ring)
        even = torch.tensor([float(order % 2 == 0) for order in n], dtype=torch.float64)
        wave = even[:, None] * torch.exp(-1j * torch.outer(torch.tensor(n), alpha))  # (n, point)
        columns = []
        for point, at in enumerate(ring.tolist()):
            columns.append(torch.einsum("lnk,n->lk", d[..., at].to(wave), wave[:, point]))
        summed = torch.stack(columns, dim=-1)  # (degree, k, point)
        summed = summed * torch.exp(-1j * torch.outer(torch.tensor(k), gamma))
        return real_column(summed.conj()).unsqueeze(2)  # a row: its adjoint's column


class DenseKernel(TableModule):
    """A kernel spectrum as one matrix product over all points.

    Args:
        table: ``(degree, K, N, point)``.
    """

    matrix: Tensor

    def __init__(self, table: S2KernelTable | CollapsedKernelTable) -> None:
        super().__init__(matrix=table)
        self.blocks = Blocks(table.cutoff)

    def forward(self, kernel: Tensor) -> list[Tensor]:
        """``(in, out, point)`` to its spectrum, ``(degree, K, in, N, out)`` a block."""
        values = kernel.to(self.matrix.dtype).permute(2, 0, 1).flatten(1)  # (point, in out)
        y = (self.matrix @ values).unflatten(3, kernel.shape[:2])  # (degree, K, N, in, out)
        y = y.transpose(2, 3)
        k, n = y.shape[1], y.shape[3]
        return [
            y[d.start : d.stop, : orders_below(d.stop, k), :, : orders_below(d.stop, n)]
            for d in self.blocks.degrees
        ]


@dataclass(frozen=True)
class WaveTable(Table):
    """The two waves of each pair (N, K) at the places of a ring, ``(pair, wave, place)``."""

    places: Points
    shells: Shells

    def build(self) -> Tensor:
        alpha, gamma = torch.tensor(self.places, dtype=torch.float64).unbind(1)
        waves = real_waves(self.shells.order_out, self.shells.order_in, alpha, gamma)
        return self.shells.sorted(waves)


@dataclass(frozen=True)
class RingTable(Table):
    """The factors of both waves on the rings, ``(pair, degree, wave ring)``."""

    rings: tuple[float, ...]
    shells: Shells

    def build(self) -> Tensor:
        n, k = range(self.shells.order_out + 1), self.shells.order_in
        d = small_d(self.shells.cutoff, n, range(-k, k + 1), self.rings)
        return self.shells.sorted(real_functions(d)).flatten(2)


@dataclass(frozen=True)
class SlotTable(Table):
    """Where each point goes among all pairs (place, ring), ``(point,)``, integers."""

    points: Points

    def build(self) -> Tensor:
        grid = np.array(self.points)
        betas, ring = np.unique(grid[:, 0], return_inverse=True)
        _, place = np.unique(grid[:, 1:], axis=0, return_inverse=True)
        return torch.from_numpy(place.reshape(-1) * len(betas) + ring.reshape(-1))


class RingKernel(TableModule):
    """A kernel spectrum on SO(3) by a Fourier sum on each ring, then a few factors per ring.

    ``y^l_NK = sum_rw a^l_NKw(beta_r) sum_p k_rp w_NK(alpha_p, gamma_p)``, where p runs over the
    places (alpha, gamma) that the rings have, and w over the two waves of `real_functions`.

    Args:
        points: the kernel grid, columns (beta, alpha, gamma).
        cutoff: number of degrees.
        order_in: largest order k.
        order_out: largest order n.
    """

    waves: Tensor
    rings: Tensor
    slots: Tensor

    def __init__(self, points: Points, cutoff: int, order_in: int, order_out: int) -> None:
        grid = np.array(points)
        betas, places = np.unique(grid[:, 0]), np.unique(grid[:, 1:], axis=0)
        shells = Shells(cutoff, order_in, order_out)
        super().__init__(
            waves=WaveTable(as_points(places), shells),
            rings=RingTable(tuple(betas.tolist()), shells),
            slots=SlotTable(points),
        )
        self.shells = shells
        self.shape = (len(places), len(betas))

    def forward(self, kernel: Tensor) -> list[Tensor]:
        """``(in, out, point)`` to its spectrum, ``(degree, K, in, N, out)`` a block."""
        channels = kernel.shape[:2]
        values = kernel.to(self.waves.dtype).permute(2, 0, 1).flatten(1)  # (point, in out)
        placed = values.new_zeros(self.shape[0] * self.shape[1], values.shape[1])
        placed = placed.index_add(0, self.slots, values)  # (place ring, in out)
        sums = self.waves.flatten(0, 1) @ placed.view(self.shape[0], -1)
        sums = sums.view(len(self.rings), -1, values.shape[1])  # (pair, wave ring, in out)
        return by_degrees(self.shells, self.rings, sums, channels)
