"""Moment-corrected stencils: discrete kernels that converge to the continuous ones.

The kernel of phase s is ``R_k(r) e^{i s theta}``. Its plain samples on a mesh do not annihilate
constants and do not converge. Here the samples are corrected per vertex, by least squares, until
the stencil has the moments of the continuous kernel up to a degree; the weight of the vertex
itself then closes the zeroth moment. Turning the frame at p by ``a`` multiplies ``W^s_p`` by
``exp(-i s a)``, exactly.

Support and width of a kernel are lengths, so that finer meshes of a surface give ever better
approximations of one operator. Lengths are those of a surface of area ``4 pi``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.surface import Surface

Complex = NDArray[np.complex128]

ONE_RING = 0.0
"""The radius that stands for the one ring, whatever its size."""

REACH = 2.3
"""Radius of a kernel over the width of its Gaussian: beyond it ``e^{-r^2}`` is below 0.5 %."""

AMPLIFICATION = 2.0
"""How much larger than its samples a corrected stencil of a disc may be, or its degree is lowered.

Discs that are cut by a boundary exceed it: their one-sided stencils extrapolate, and amplify what
the whole ones smooth away. A network that never saw them multiplies that from layer to layer."""

RING_AMPLIFICATION = 8.0
"""The same for the one ring, whose few neighbours need more where triangles are stretched."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The neighbours of every vertex, padded to the largest number of them.

    Attributes:
        index: vertex index of each neighbour q of p ``(vertex, neighbour)``; 0 as padding.
        valid: False for padding ``(vertex, neighbour)``.
        distance: geodesic distance in kernel widths ``(vertex, neighbour)``.
        theta: direction of q in p's frame ``(vertex, neighbour)``.
        transport: the angle ``phi_pq`` that takes components at q to p ``(vertex, neighbour)``.
    """

    index: Index
    valid: NDArray[np.bool_]
    distance: Array
    theta: Array
    transport: Array


@dataclass(frozen=True, eq=False)
class Stencil:
    """The weights of one kernel at every vertex.

    Attributes:
        weights: of the neighbours ``(vertex, neighbour)``.
        centre: of the vertex itself ``(vertex,)``.
        degree: up to which the moments are exact ``(vertex,)``; 0 where the phase is not resolved
            and all weights are 0.
    """

    weights: Complex
    centre: Complex
    degree: Index


def width(surface: Surface, radius: float) -> float:
    """The length in which a kernel measures distance; the mean edge for the one ring."""
    return surface.mean_edge if radius == ONE_RING else radius / REACH


@lru_cache(maxsize=64)
def neighbourhood(surface: Surface, radius: float) -> Neighbourhood:
    """The one ring, and with it the vertices within a geodesic `radius`, the vertex itself not."""
    pairs = surface.one_ring if radius == ONE_RING else surface.neighbours(radius)
    return gathered(pairs, len(surface), width(surface, radius))


def gathered(pairs: Discs, count: int, unit: float) -> Neighbourhood:
    """Pairs of vertices, sorted by target, as padded neighbourhoods.

    Args:
        pairs: targets are their bases, sources their vertices.
        count: how many targets there are.
        unit: the length in which distances are measured.
    """
    target, source = pairs.base, pairs.vertex
    number = np.bincount(target, minlength=count)
    slot = np.arange(len(target)) - np.repeat(np.cumsum(number) - number, number)
    shape = (count, int(number.max()))
    index, valid = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    distance, angle, transport = (np.zeros(shape) for _ in range(3))
    columns = (index, source), (valid, True), (distance, pairs.distance / unit)
    for padded, values in (*columns, (angle, pairs.angle), (transport, pairs.transport)):
        padded[target, slot] = values
    return Neighbourhood(index, valid, distance, angle, transport)


@lru_cache(maxsize=256)
def stencil(surface: Surface, radius: float, phase: int, profile: int, degree: int) -> Stencil:
    """Weights of the kernel ``r^{2k + |s|} e^{-r^2} e^{i s theta}``, r in kernel widths.

    With ``x + i y = r e^{i theta}``, g the normalised Gaussian weights times areas, G = diag(g),
    B the monomials ``x^a y^b`` (1 <= a + b <= degree) and t their moments under the continuous
    kernel: ``w = w0 + G B^T (B G B^T)^+ (t - B w0)``, the smallest change in the metric of g
    that makes the moments right, and ``w_p = t_00 - sum w``.

    Args:
        surface: the mesh.
        radius: of the support, a length; 0 for the one ring.
        phase: s >= 0; negative phases are complex conjugates.
        profile: k, the power of r^2.
        degree: moments made exact; lowered, but not below max(phase, 1), where a vertex has too
            few neighbours or where they lie so badly that the weights would exceed
            `AMPLIFICATION` (`RING_AMPLIFICATION`) times those of the samples. Fewer than 2 s + 1
            neighbours cannot tell phase s from its opposite: the weights are 0 there, and where
            no degree can be had.
    """
    near = neighbourhood(surface, radius)
    x, y = near.distance * np.cos(near.theta), near.distance * np.sin(near.theta)
    gauss = np.where(near.valid, surface.areas[near.index] * np.exp(-(near.distance**2)), 0.0)
    g = gauss / (surface.areas + gauss.sum(axis=1))[:, None]
    samples = g * near.distance ** (2 * profile) * (x + 1j * y) ** phase
    room = near.valid.sum(axis=1)
    weights, chosen = samples.copy(), np.zeros(len(surface), dtype=np.int64)
    allowed = RING_AMPLIFICATION if radius == ONE_RING else AMPLIFICATION
    limit = allowed * np.abs(samples).sum(axis=1)
    for d in range(max(phase, 1), max(phase, 1, degree) + 1):
        powers = [(a, n - a) for n in range(1, d + 1) for a in range(n, -1, -1)]
        least = d == max(phase, 1)
        rows = np.flatnonzero(least | (len(powers) <= room))
        wanted = np.array([moment(a, b, phase, profile) for a, b in powers])
        corrected, met = correct(x[rows], y[rows], g[rows], samples[rows], powers, wanted)
        fits = met & (least | (np.abs(corrected).sum(axis=1) <= limit[rows]))
        weights[rows[fits]], chosen[rows[fits]] = corrected[fits], d
    unresolved = (room < 2 * phase + 1) | (chosen == 0)
    weights[unresolved], chosen[unresolved] = 0, 0
    centre = np.where(unresolved, 0, moment(0, 0, phase, profile) - weights.sum(axis=1))
    return Stencil(weights, centre, chosen)


def correct(
    x: Array, y: Array, g: Array, samples: Complex, powers: list[tuple[int, int]], wanted: Complex
) -> tuple[Complex, NDArray[np.bool_]]:
    """The weights next to `samples`, in the metric of g, that have the moments `wanted`.

    With ``A = B G^{1/2}``: ``w = w0 + G^{1/2} A^+ (t - B w0)``, which is the equation of `stencil`
    with half the digits lost.

    Args:
        x: first coordinate of the neighbours ``(vertex, neighbour)``.
        y: second coordinate.
        g: positive weights, 0 for padding.
        samples: weights to be corrected.
        powers: (a, b) of the monomials ``x^a y^b``.
        wanted: their moments ``(monomial,)``.

    Returns:
        The weights, and where they have the moments ``(vertex,)``: neighbours that lie on a curve
        of that degree cannot.
    """
    basis = np.stack([x**a * y**b for a, b in powers], axis=1)  # (vertex, monomial, neighbour)
    missing = wanted - np.einsum("pbq,pq->pb", basis, samples)
    root = np.sqrt(g)
    inverse = np.linalg.pinv(basis * root[:, None], rcond=1e-8)  # (vertex, neighbour, monomial)
    weights = samples + root * np.einsum("pqb,pb->pq", inverse, missing)
    left = np.abs(wanted - np.einsum("pbq,pq->pb", basis, weights)).max(axis=1)
    return weights, left < 1e-6


def moment(a: int, b: int, phase: int, profile: int) -> complex:
    """``1/pi`` times the plane integral of ``x^a y^b r^{2k} (x + i y)^s e^{-r^2}``.

    In polar coordinates: ``Gamma((a + b + 2k + s)/2 + 1)`` times the mean over the circle of
    ``cos^a sin^b e^{i s theta}``.
    """
    theta = 2 * np.pi * np.arange(32) / 32  # exact for trigonometric degree < 32
    circle = (np.cos(theta) ** a * np.sin(theta) ** b * np.exp(1j * phase * theta)).mean()
    return complex(circle * math.gamma((a + b + 2 * profile + phase) / 2 + 1))
