"""Which frequencies the neighbours of a vertex tell apart, by places and by Gaussian weights.

A kernel that is narrower than the mesh gives its neighbours weights that fall below all rounding,
and four neighbours at right angles look alike to frequencies 2 and -2. Both leave some combination
of ``z^j = (r e^{i theta})^j``, j <= s, without weight: then no stencil of frequency s can be had.
"""

from __future__ import annotations

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.discs import Discs
from gaugecnn.ops.moments import equally_many

LEAST_WEIGHT = 1e-6
"""What the least weighted combination must have, where a whole kernel has about 1.

Six neighbours around a vertex have ``3 r^2 e^{-r^2}``: this at 4.3 widths, a radius of 0.54 edges.
Rounding is ten orders of magnitude smaller, and so are the combinations that have none."""


def frequencies_told(pairs: Discs, units: Array, areas: Array, most: int) -> Index:
    """The largest frequency s up to `most` that each vertex tells ``(vertex,)``; 0 where none.

    It is told where the least eigenvalue of ``sum_q A_q / A_p e^{-r^2} v v^T`` exceeds
    `LEAST_WEIGHT`, with v the real and imaginary parts of ``z^j``, j = 1 .. s: no choice of frame
    or of a unit of length changes it.

    Args:
        pairs: the neighbours of the vertices, sorted by vertex.
        units: kernel width at each vertex, a length ``(vertex,)``.
        areas: of the vertices ``(vertex,)``.
        most: the largest frequency to look for.
    """
    told = np.zeros(len(areas), dtype=np.int64)
    number = np.bincount(pairs.base, minlength=len(areas))
    for vertices, where in equally_many(number, "what neighbours tell"):
        r = pairs.distance[where] / units[vertices, None]
        weight = areas[pairs.vertex[where]] / areas[vertices, None] * np.exp(-(r**2))
        wave = (r * np.exp(1j * pairs.angle[where]))[..., None] ** np.arange(1, most + 1)
        parts = wave.view(np.float64)  # (vertex, neighbour, 2 most)
        gram = parts.swapaxes(1, 2) @ (weight[..., None] * parts)
        holds = np.ones(len(vertices), dtype=bool)
        for s in range(1, most + 1):
            least = np.linalg.eigvalsh(gram[:, : 2 * s, : 2 * s])[:, 0]
            holds &= least > LEAST_WEIGHT
            told[vertices[holds]] = s
    return told
