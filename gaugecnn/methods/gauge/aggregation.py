"""Aggregation: what a vertex gathers from its neighbours, before channels are mixed.

    A_n^{s,k}(p) = c_s sum_q W^{s,k}_pq e^{i n phi_pq} f_n(q)

One sparse real matrix holds every phase s and profile k that is read from an order n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from gaugecnn.ops.sparse import SparseMap
from gaugecnn.ops.stencil import ONE_RING, neighbourhood, stencil
from gaugecnn.surfaces.surface import Surface


@dataclass(frozen=True)
class Kernel:
    """Which stencils a convolution uses.

    Args:
        radius: of the support, a length on a surface of area ``4 pi``; 0 is the one ring.
        profiles: radial profiles ``r^{2k} e^{-r^2}``, k = 0 .. profiles - 1.
        degree: moments of the stencil that are made exact.
        max_phase: largest |s|; below half the number of neighbours it is resolved.
    """

    radius: float = ONE_RING
    profiles: int = 1
    degree: int = 3
    max_phase: int = 2

    def __post_init__(self) -> None:
        if self.radius < 0 or self.profiles < 1 or self.degree < 1 or self.max_phase < 0:
            raise ValueError(
                "expected radius >= 0, profiles >= 1, degree >= 1 and max_phase >= 0, got "
                f"{self.radius}, {self.profiles}, {self.degree}, {self.max_phase}"
            )


def aggregation(
    surface: Surface, order: int, reads: tuple[tuple[int, int], ...], kernel: Kernel
) -> SparseMap:
    """The sparse map of all aggregates of one order.

    ``(vertex, re-im of f_n) -> (vertex, (phase, profile, re-im))``, with entries
    ``c_s W^{s,k}_pq e^{i n phi_pq}``; the aggregate of phase 0 of order 0 is real.
    """
    near = neighbourhood(surface, kernel.radius)
    vertices, width = near.index.shape
    target = np.repeat(np.arange(vertices), width + 1)
    source = np.concatenate([near.index, np.arange(vertices)[:, None]], axis=1).ravel()
    turn = np.exp(1j * order * near.transport)
    parts_in = 1 if order == 0 else 2
    stride = sum(parts_of(order, phase) for phase, _ in reads)
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    row = 0
    for phase, profile in reads:
        found = stencil(surface, kernel.radius, abs(phase), profile, kernel.degree)
        weights, centre = found.weights, found.centre
        if phase < 0:
            weights, centre = weights.conj(), centre.conj()
        value = gain(phase) * np.concatenate([weights * turn, centre[:, None]], axis=1).ravel()
        blocks = {(0, 0): value.real, (1, 0): value.imag, (0, 1): -value.imag, (1, 1): value.real}
        for (out, part), block in blocks.items():  # (re-im of the aggregate, re-im of f)
            if out < parts_of(order, phase) and part < parts_in:
                entries.append((target * stride + row + out, source * parts_in + part, block))
        row += parts_of(order, phase)
    rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    shape = (vertices * stride, vertices * parts_in)
    return SparseMap(_pruned(values, rows, columns, shape))


def gain(phase: int) -> float:
    """``c_s = 5 * 1.6^{|s| - 1}``, and 1 for s = 0: brings aggregates to the same size.

    On features of spherical digits the aggregates of phases 1 and 2 are 1/5 and 1/8 of those of
    phase 0 on every level, because features vary slowly over a stencil. Without the gain a network
    starts nearly isotropic and learns more slowly.
    """
    return 5 * 1.6 ** (abs(phase) - 1) if phase else 1.0


def _pruned(
    values: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> scipy.sparse.csr_array:
    keep = values != 0  # padding of neighbourhoods
    return scipy.sparse.csr_array((values[keep], (rows[keep], columns[keep])), shape=shape)


def parts_of(order: int, phase: int) -> int:
    """Real numbers per aggregate: one where both the signal and its stencil are real."""
    return 1 if order == 0 and phase == 0 else 2
