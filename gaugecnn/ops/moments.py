"""Weights with given moments: the smallest change, vertex by vertex, that makes them right.

With neighbours q of a vertex at ``(x_q, y_q)``, positive weights g and G = diag(g), B the monomials
``x^a y^b`` and t their wanted moments: ``w = w0 + G B^T (B G B^T)^+ (t - B w0)`` is next to w0 in
the metric of g. B is the same for all kernels of a vertex, so that one pseudo-inverse serves all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.progress import tracked

Complex = NDArray[np.complex128]

CHUNK = 50_000
"""Pairs that are worked on at once: some ten MB, and no result depends on it."""

SOUND = 1e5
"""Condition of ``B G^{1/2}`` up to which its inverse keeps ten digits."""


def moment(a: int, b: int, frequency: int, profile: int) -> complex:
    """``1/pi`` times the plane integral of ``x^a y^b r^{2k} (x + i y)^s e^{-r^2}``.

    In polar coordinates: ``Gamma((a + b + 2k + s)/2 + 1)`` times the mean over the circle of
    ``cos^a sin^b e^{i s theta}``.
    """
    theta = 2 * np.pi * np.arange(32) / 32  # exact for trigonometric degree < 32
    circle = (np.cos(theta) ** a * np.sin(theta) ** b * np.exp(1j * frequency * theta)).mean()
    return complex(circle * math.gamma((a + b + 2 * profile + frequency) / 2 + 1))


def powers(least: int, degree: int) -> list[tuple[int, int]]:
    """(a, b) of the monomials ``x^a y^b`` with ``least <= a + b <= degree``."""
    return [(a, n - a) for n in range(least, degree + 1) for a in range(n, -1, -1)]


def equally_many(number: Index, title: str) -> Iterator[tuple[Index, Index]]:
    """Vertices by how many neighbours they have, a bounded number of pairs at a time.

    Args:
        number: of the neighbours of each vertex, whose pairs are sorted by vertex ``(vertex,)``.
        title: what is done with them, for a bar.

    Yields:
        vertices ``(chunk,)`` and where their pairs stand ``(chunk, neighbour)``; those without
        neighbours are left out.
    """
    first = np.cumsum(number) - number
    order = np.argsort(number, kind="stable")
    bounds = [*np.flatnonzero(np.diff(number[order], prepend=-1)), len(order)]
    chunks = []
    for start, stop in pairwise(bounds):
        step = max(1, CHUNK // max(1, int(number[order[start]])))
        chunks += [order[i : min(i + step, stop)] for i in range(start, stop, step)]
    for vertices in tracked([chunk for chunk in chunks if number[chunk[0]]], title):
        yield vertices, first[vertices, None] + np.arange(number[vertices[0]])


class Corrected(NamedTuple):
    """Corrected weights of several kernels.

    Attributes:
        weights: ``(vertex, neighbour, kernel)``.
        met: whether they have the moments: neighbours on a curve of that degree cannot
            ``(vertex, kernel)``.
        sound: whether rounding stays rounding: neighbours nearly on such a curve invert it
            ``(vertex,)``.
    """

    weights: Complex
    met: Mask
    sound: Mask


def corrected(
    x: Array, y: Array, g: Array, samples: Complex, least: int, degree: int, wanted: Complex
) -> Corrected:
    """The weights next to `samples`, in the metric of g, with the moments `wanted`.

    With ``A = B G^{1/2}``: ``w = w0 + G^{1/2} A^+ (t - B w0)``, which is the equation above with
    half the digits lost.

    Args:
        x: first coordinate of the neighbours ``(vertex, neighbour)``.
        y: second coordinate.
        g: positive weights.
        samples: weights to be corrected ``(vertex, neighbour, kernel)``.
        least: the lowest degree of the monomials, 0 or 1.
        degree: the highest.
        wanted: their moments ``(monomial, kernel)``.
    """
    basis = _monomials(x, y, degree)[..., least:]  # (vertex, neighbour, monomial)
    root = np.sqrt(g)[..., None]
    inverse, sound = _pseudo_inverse(basis * root)  # (vertex, neighbour, monomial)
    w0, target = _parts(samples), _parts(wanted)  # (..., kernel * re-im)
    missing = target - basis.swapaxes(1, 2) @ w0
    weights = w0 + root * (inverse @ missing)
    left = np.abs(target - basis.swapaxes(1, 2) @ weights).max(axis=1)
    met = left.reshape(len(x), -1, 2).max(axis=-1) < 1e-6
    return Corrected(weights.view(np.complex128), met, sound)


def _monomials(x: Array, y: Array, degree: int) -> Array:
    """1 and the monomials up to a degree, as `powers` orders them, ``(..., monomial)``."""
    found = last = [np.ones_like(x)]
    for _ in range(degree):
        last = [*(x * term for term in last), y * last[-1]]
        found = [*found, *last]
    return np.stack(found, axis=-1)


def _parts(values: Complex) -> Array:
    """Complex numbers as their real and imaginary parts, side by side along the last axis."""
    return np.ascontiguousarray(values).view(np.float64)


def _pseudo_inverse(across: Array) -> tuple[Array, Mask]:
    """``A^+ (vertex, neighbour, monomial)`` of A from its transpose, and where A is well posed.

    ``A^T = Q R`` gives ``A^+ = Q R^{-T}`` where A has full rank; elsewhere singular values below
    1e-5 of the largest count as 0.
    """
    if across.shape[1] < across.shape[2]:
        return _by_singular_values(across), np.zeros(len(across), dtype=bool)
    q, r = np.linalg.qr(across)
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    full = diagonal.min(axis=1) > diagonal.max(axis=1) / SOUND
    r[~full] = np.eye(r.shape[1])
    back = np.linalg.inv(r)
    sound = full & (np.linalg.norm(r, axis=(1, 2)) * np.linalg.norm(back, axis=(1, 2)) < SOUND)
    inverse = q @ back.swapaxes(1, 2)
    inverse[~sound] = _by_singular_values(across[~sound])
    return inverse, sound


def _by_singular_values(across: Array) -> Array:
    found = np.linalg.pinv(across.swapaxes(1, 2), rcond=1 / SOUND)
    return np.asarray(found, dtype=np.float64)
