"""The stencils of a kernel, and how their aggregates are scaled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gaugecnn.geometry.arrays import Array
from gaugecnn.geometry.discs import Discs
from gaugecnn.methods.gauge.stage import KernelSpec
from gaugecnn.ops.moments import Complex
from gaugecnn.ops.stencil import AMPLIFICATION, ONE_RING, REACH, RING_AMPLIFICATION, Kernels

SPACING = 0.125
"""Of the lattice that stands for the plane, in kernel widths."""


def kernels_of(kernel: KernelSpec) -> Kernels:
    """All frequencies from 0 and all profiles of a kernel."""
    return Kernels(kernel.max_frequency + 1, kernel.profiles, kernel.accuracy)


def gains(kernel: KernelSpec) -> Array:
    """``c_{s,k}``: aggregates get unit variance on noise as long as the kernel.

    ``c^{-2} = sum_{q,q'} W_q e^{-|q - q'|^2 / R^2} conj(W_q')``: the noise has the correlation
    length R, `REACH` widths, the radius of a disc. (Features have been smoothed by the kernels
    before; with gains for noise as short as the Gaussian's width networks learned more slowly.) W
    is the stencil in the plane, on a fine lattice, so that it is the continuous kernel cut off at R
    and corrected; the one ring is a regular hexagon. A gain is the same on every mesh, so that the
    same weights mean the same operator there. (The uncut kernel ``(x + i y)^s e^{-r^2} / pi`` has
    ``c^{-2} = R^2 s! / (2 + R^2)^{s+1}``.)

    Returns:
        ``(frequency, profile)``; 1 for a frequency that the lattice cannot tell.
    """
    return _gains(kernels_of(kernel), kernel.radius == ONE_RING)


@lru_cache
def _gains(kernels: Kernels, ring: bool) -> Array:
    points = _lattice(1.0, 1.5) if ring else _lattice(SPACING, REACH)
    count = len(points)
    none = np.zeros(count)
    pairs = Discs(
        base=none.astype(np.int64),
        vertex=np.arange(1, count + 1),
        distance=np.abs(points),
        angle=np.angle(points),
        transport=none,
        bent=none.astype(bool),
    )
    ones = np.ones(count + 1)
    found = kernels.on(pairs, ones, ones, RING_AMPLIFICATION if ring else AMPLIFICATION)
    weights = np.concatenate([found.centre[:1], found.neighbours])  # (point, frequency, profile)
    places = np.concatenate([[0], points])
    covariance = np.exp(-((np.abs(places[:, None] - places) / REACH) ** 2))
    variance = np.einsum("qsk,qr,rsk->sk", weights.conj(), covariance, weights).real
    return np.where(variance > 0, variance, 1.0) ** -0.5


def _lattice(spacing: float, radius: float) -> Complex:
    """The triangular lattice within a radius, 0 left out ``(point,)``."""
    steps = np.arange(-int(2 * radius / spacing), int(2 * radius / spacing) + 1)
    points = spacing * (steps[:, None] + np.exp(1j * np.pi / 3) * steps).ravel()
    return points[(np.abs(points) > 0) & (np.abs(points) <= radius)]
