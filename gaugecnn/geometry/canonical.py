"""One vertex among several, chosen by geometry and never by the order of storage.

Vertices are told apart by numbers that no motion and no unit changes. Where these agree to
`TOLERANCE`, as on surfaces with symmetries, positions decide: the choice then is the same for every
order of storage and after every shift, but a turn of a perfectly symmetric mesh may change it into
another one that is equally good.
"""

from __future__ import annotations

import math

import numpy as np

from gaugecnn.geometry.arrays import Array, Index

TOLERANCE = 4e-9
"""Of a position: the rounding of float64 at some millions of times the size of a surface."""


class Order:
    """Which vertices come first.

    Args:
        vertices: positions about the centre of the surface, which has the area ``4 pi``
            ``(vertex, xyz)``.
        areas: of each vertex ``(vertex,)``.
    """

    def __init__(self, vertices: Array, areas: Array) -> None:
        radius = np.linalg.norm(vertices, axis=1)
        share = areas / areas.sum()
        second = np.einsum("v,vx,vy->xy", share, vertices, vertices)
        third = np.einsum("v,v,vx->x", share, radius**2, vertices)
        spacing = math.sqrt(4 * math.pi / len(vertices))
        # Each with how much it is moved, at most, when a position is moved by 1.
        keys = [
            (radius, 1.0),
            (np.einsum("vx,xy,vy->v", vertices, second, vertices), 4.0),
            (vertices @ third, 4.0),
            (areas / areas.mean(), 8 / spacing),
            *((coordinate, 1.0) for coordinate in vertices.T),
        ]
        self._keys = [(values, TOLERANCE * moved) for values, moved in keys]

    def first(self, candidates: Index) -> int:
        """The first of some vertices: the farthest from the centre, unless several are."""
        for values, tolerance in self._keys:
            best = values[candidates]
            candidates = candidates[best >= best.max() - tolerance]
            if len(candidates) == 1:
                break
        return int(candidates[0])
