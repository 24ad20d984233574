"""The spectrum of a kernel that is given by its values at a few points.

Each class gives the conjugate spectrum ``conj(y^l_nk)``, degrees by blocks, because a product
over a block of degrees needs only the orders that those degrees have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.grids import Grid
from gaugecnn.methods.s2cnn.spectrum import orders_below
from gaugecnn.methods.s2cnn.tables import Table, TableModule
from gaugecnn.methods.s2cnn.wigner import small_d

Points = tuple[tuple[float, ...], ...]


def as_points(grid: Grid) -> Points:
    """A kernel grid ``(point, angle)`` as a hashable value."""
    return tuple(tuple(map(float, row)) for row in np.asarray(grid, dtype=np.float64))


@dataclass(frozen=True)
class S2KernelTable(Table):
    """``2 b_out e^{i n alpha_g} d^l_n0(beta_g)``, ``(degree, k = 0, n, re/im, point)``."""

    points: Points
    cutoff: int
    max_order: int
    bandwidth_out: int

    def build(self) -> Tensor:
        beta, alpha = torch.tensor(self.points, dtype=torch.float64).unbind(1)
        orders = range(-self.max_order, self.max_order + 1)
        d = small_d(self.cutoff, orders, range(1), tuple(beta.tolist()))  # (degree, n, k, point)
        phase = torch.outer(torch.tensor(orders, dtype=torch.float64), alpha)  # (n, point)
        wave = torch.stack([phase.cos(), phase.sin()], dim=1)  # (n, re/im, point)
        return 2 * self.bandwidth_out * d.transpose(1, 2).unsqueeze(3) * wave


@dataclass(frozen=True)
class CollapsedKernelTable(Table):
    """``sum_{even n} e^{i n alpha_g} e^{i k gamma_g} d^l_nk(beta_g)``, summed before channels mix.

    Built as ``(degree, k, n = 0, re/im, point)``. Even n keep ``y_{-k} = (-1)^k conj(y_k)``, the
    symmetry of a real field on the sphere; odd n would add an imaginary field.
    """

    points: Points
    cutoff: int
    max_order: int

    def build(self) -> Tensor:
        beta, alpha, gamma = torch.tensor(self.points, dtype=torch.float64).unbind(1)
        n = range(-(self.cutoff - 1), self.cutoff)
        k = range(-self.max_order, self.max_order + 1)
        rings, ring = np.unique(beta.numpy(), return_inverse=True)
        d = small_d(self.cutoff, n, k, tuple(rings.tolist()))  # (degree, n, k, ring)
        even = torch.tensor([float(order % 2 == 0) for order in n], dtype=torch.float64)
        wave = even[:, None] * torch.exp(1j * torch.outer(torch.tensor(n), alpha))  # (n, point)
        columns = []
        for point, at in enumerate(ring.tolist()):
            columns.append(torch.einsum("lnk,n->lk", d[..., at].to(wave), wave[:, point]))
        summed = torch.stack(columns, dim=-1)  # (degree, k, point)
        summed = summed * torch.exp(1j * torch.outer(torch.tensor(k), gamma))
        return torch.stack([summed.real, summed.imag], dim=2).unsqueeze(2)


class DenseKernel(TableModule):
    """A kernel spectrum as one matrix product over all points.

    Args:
        table: ``(degree, k, n, re/im, point)``.
    """

    matrix: Tensor

    def __init__(self, table: S2KernelTable | CollapsedKernelTable) -> None:
        super().__init__(matrix=table)

    def prepare(self, kernel: Tensor) -> Tensor:
        """``(in, out, point)`` to the spectrum ``(degree, k, in, n, out)``, complex."""
        values = kernel.to(self.matrix.dtype).permute(2, 0, 1).flatten(1)  # (point, in out)
        y = self.matrix @ values  # (degree, k, n, re/im, in out)
        y = y.unflatten(4, kernel.shape[:2])  # (degree, k, n, re/im, in, out)
        return torch.view_as_complex(y.permute(0, 1, 4, 2, 5, 3).contiguous())

    def block(self, prepared: Tensor, degrees: range) -> Tensor:
        """The degrees of a block, with the orders they have, ``(degree, k, in, n, out)``."""
        k = orders_below(degrees.stop, prepared.shape[1] // 2)
        n = orders_below(degrees.stop, prepared.shape[3] // 2)
        return prepared[degrees.start : degrees.stop, k, :, n]


@dataclass(frozen=True)
class PhaseTable(Table):
    """``e^{i n alpha_p} e^{i k gamma_p}`` at the places of a ring, ``(n, k, re/im, place)``."""

    places: Points
    orders_n: range
    orders_k: range

    def build(self) -> Tensor:
        alpha, gamma = torch.tensor(self.places, dtype=torch.float64).unbind(1)
        n = torch.tensor(self.orders_n, dtype=torch.float64)[:, None, None]
        k = torch.tensor(self.orders_k, dtype=torch.float64)[:, None]
        phase = n * alpha + k * gamma  # (n, k, place)
        return torch.stack([phase.cos(), phase.sin()], dim=2)


@dataclass(frozen=True)
class RingTable(Table):
    """``d^l_nk(beta_r)`` on the rings, ``(n, k, degree, ring)``."""

    rings: tuple[float, ...]
    cutoff: int
    orders_n: range
    orders_k: range

    def build(self) -> Tensor:
        d = small_d(self.cutoff, self.orders_n, self.orders_k, self.rings)
        return d.permute(1, 2, 0, 3).contiguous()  # (degree, n, k, ring) -> (n, k, degree, ring)


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
    """A kernel spectrum on SO(3) by a Fourier sum on each ring, then one small d per ring.

    ``y^l_nk = sum_r d^l_nk(beta_r) sum_p k_rp e^{-i n alpha_p} e^{-i k gamma_p}``, where p runs
    over the places (alpha, gamma) that the rings have.

    Args:
        points: the kernel grid, columns (beta, alpha, gamma).
        cutoff: number of degrees.
        order_in: largest order k.
        order_out: largest order n.
    """

    phases: Tensor
    rings: Tensor
    slots: Tensor

    def __init__(self, points: Points, cutoff: int, order_in: int, order_out: int) -> None:
        grid = np.array(points)
        betas, places = np.unique(grid[:, 0]), np.unique(grid[:, 1:], axis=0)
        n, k = range(-order_out, order_out + 1), range(-order_in, order_in + 1)
        super().__init__(
            phases=PhaseTable(as_points(places), n, k),
            rings=RingTable(tuple(betas.tolist()), cutoff, n, k),
            slots=SlotTable(points),
        )
        self.shape = (len(places), len(betas))

    def prepare(self, kernel: Tensor) -> Tensor:
        """``(in, out, point)`` to its Fourier sums ``(n, k, ring, in out re/im)``."""
        channels = kernel.shape[:2].numel()
        values = kernel.to(self.phases.dtype).permute(2, 0, 1).flatten(1)  # (point, in out)
        placed = values.new_zeros(self.shape[0] * self.shape[1], channels)
        placed = placed.index_add(0, self.slots, values)  # (place ring, in out)
        sums = self.phases @ placed.view(self.shape[0], -1)  # (n, k, re/im, ring in out)
        sums = sums.unflatten(3, (self.shape[1], *kernel.shape[:2]))
        return sums.permute(0, 1, 3, 4, 5, 2).contiguous()  # (n, k, ring, in, out, re/im)

    def block(self, prepared: Tensor, degrees: range) -> Tensor:
        """The degrees of a block, with the orders they have, ``(degree, k, in, n, out)``."""
        n = orders_below(degrees.stop, prepared.shape[0] // 2)
        k = orders_below(degrees.stop, prepared.shape[1] // 2)
        d = self.rings[n, k, degrees.start : degrees.stop]  # (n, k, degree, ring)
        y = d @ prepared[n, k].flatten(3)  # (n, k, degree, in out re/im)
        y = y.unflatten(3, prepared.shape[3:])  # (n, k, degree, in, out, re/im)
        return torch.view_as_complex(y.permute(2, 1, 3, 0, 4, 5).contiguous())
