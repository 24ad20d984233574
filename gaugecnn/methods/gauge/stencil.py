"""Moment-corrected stencils: discrete kernels that converge to the continuous ones.

The kernel of phase s is ``R_k(r) e^{i s theta}``. Its plain samples on a mesh do not annihilate
constants and do not converge. Here the samples are corrected per vertex, by least squares, until
the stencil has the moments of the continuous kernel up to a degree; the weight of the vertex
itself then closes the zeroth moment. Turning the frame at p by ``a`` multiplies ``W^s_p`` by
``exp(-i s a)``, exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gaugecnn.surfaces.surface import Surface
from gaugecnn.surfaces.tangent import Array, Index

Complex = NDArray[np.complex128]

ONE_RING = 0.0
"""The radius that stands for the one ring, whatever its size."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The neighbours of every vertex, padded to the largest number of them.

    Attributes:
        index: vertex index of each neighbour q of p ``(vertex, neighbour)``; p itself as padding.
        valid: False for padding ``(vertex, neighbour)``.
        distance: geodesic distance in mean edge lengths ``(vertex, neighbour)``.
        theta: direction of q in p's frame ``(vertex, neighbour)``.
        transport: the angle ``phi_pq`` that takes components at q to p ``(vertex, neighbour)``.
    """

    index: Index
    valid: NDArray[np.bool_]
    distance: Array
    theta: Array
    transport: Array


@lru_cache(maxsize=64)
def neighbourhood(surface: Surface, radius: float) -> Neighbourhood:
    """Neighbours within `radius` mean edge lengths, or the one ring where `radius` is 0."""
    h = surface.mean_edge
    target, source = surface.one_ring if radius == ONE_RING else surface.tangent.disc(radius * h)
    r, theta = surface.tangent.logarithms(target, source)
    phi = surface.tangent.transport(target, source)
    count = np.bincount(target, minlength=len(surface))
    slot = np.arange(len(target)) - np.repeat(np.cumsum(count) - count, count)
    shape = (len(surface), int(count.max()))
    index = np.tile(np.arange(len(surface))[:, None], (1, shape[1]))
    valid, distance, angle, transport = (np.zeros(shape) for _ in range(4))
    for padded, values in ((index, source), (valid, 1.0), (distance, r / h), (angle, theta)):
        padded[target, slot] = values
    transport[target, slot] = phi
    return Neighbourhood(index, valid.astype(bool), distance, angle, transport)


@lru_cache(maxsize=256)
def stencil(
    surface: Surface, radius: float, phase: int, profile: int, degree: int
) -> tuple[Complex, Complex]:
    """Weights of the kernel ``r^{2k + |s|} e^{-r^2} e^{i s theta}`` (r in mean edge lengths).

    With ``x + i y = r e^{i theta}``, g the normalised Gaussian weights times areas, G = diag(g),
    B the monomials ``x^a y^b`` (1 <= a + b <= degree) and t their moments under the continuous
    kernel: ``w = w0 + G B^T (B G B^T)^+ (t - B w0)``, the smallest change in the metric of g
    that makes the moments right, and ``w_p = t_00 - sum w``.

    Args:
        surface: the mesh.
        radius: in mean edge lengths, 0 for the one ring.
        phase: s >= 0; negative phases are complex conjugates.
        profile: k, the power of r^2.
        degree: moments made exact, lowered where a vertex has too few neighbours, but not below
            max(phase, 1).

    Returns:
        The weights of the neighbours ``(vertex, neighbour)`` and of the vertex ``(vertex,)``.
    """
    near = neighbourhood(surface, radius)
    x, y = near.distance * np.cos(near.theta), near.distance * np.sin(near.theta)
    gauss = np.where(near.valid, surface.areas[near.index] * np.exp(-(near.distance**2)), 0.0)
    g = gauss / (surface.areas + gauss.sum(axis=1))[:, None]
    start = g * near.distance ** (2 * profile) * (x + 1j * y) ** phase
    weights = np.empty_like(start)
    for d, rows in _degrees(near.valid.sum(axis=1), max(phase, 1), degree):
        powers = [(a, n - a) for n in range(1, d + 1) for a in range(n, -1, -1)]
        basis = np.stack([x[rows] ** a * y[rows] ** b for a, b in powers], axis=1)
        wanted = np.array([_moment(a, b, phase, profile) for a, b in powers])
        missing = wanted - np.einsum("pbq,pq->pb", basis, start[rows])
        gram = np.einsum("pbq,pq,pcq->pbc", basis, g[rows], basis)
        solution = np.einsum("pbc,pc->pb", np.linalg.pinv(gram, rcond=1e-10), missing)
        change = np.einsum("pq,pbq,pb->pq", g[rows], basis, solution)
        weights[rows] = start[rows] + change
    return weights, _moment(0, 0, phase, profile) - weights.sum(axis=1)


def _degrees(neighbours: Index, least: int, most: int) -> list[tuple[int, Index]]:
    """The vertices for each degree of correction: the highest with no more moments than room."""
    room = np.array([d for d in range(1, most + 1)])
    fits = (room * (room + 3) // 2)[None, :] <= neighbours[:, None]
    chosen = np.maximum(fits.sum(axis=1), least)
    return [(int(d), np.flatnonzero(chosen == d)) for d in np.unique(chosen)]


def _moment(a: int, b: int, phase: int, profile: int) -> complex:
    """``1/pi`` times the plane integral of ``x^a y^b r^{2k} (x + i y)^s e^{-r^2}``.

    In polar coordinates: ``Gamma((a + b + 2k + s)/2 + 1)`` times the mean over the circle of
    ``cos^a sin^b e^{i s theta}``.
    """
    theta = 2 * np.pi * np.arange(32) / 32  # exact for trigonometric degree < 32
    circle = (np.cos(theta) ** a * np.sin(theta) ** b * np.exp(1j * phase * theta)).mean()
    return complex(circle * math.gamma((a + b + 2 * profile + phase) / 2 + 1))
