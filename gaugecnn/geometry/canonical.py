"""One vertex among several, chosen by geometry and never by the order of storage.

Vertices are told apart by numbers that no motion and no unit changes. Where these agree to
`TOLERANCE`, as on surfaces with symmetries, positions decide: the choice then is the same for every
order of storage and after every shift, but a turn of a perfectly symmetric mesh may change it into
another one that is equally good.
"""

from __future__ import annotations

import numpy as np

from gaugecnn.geometry.arrays import Array, Index

TOLERANCE = 4e-9
"""Relative to the size of the mesh: the rounding of float64 at millions of its sizes."""


class Order:
    """Which vertices come first.

    Args:
        vertices: positions about the centre of the surface, which has the area ``4 pi``
            ``(vertex, xyz)``.
        areas: of each vertex ``(vertex,)``.
    """

    def __init__(self, vertices: Array, areas: Array) -> None:
        radius = np.linalg.norm(vertices, axis=1)
        second = np.einsum("v,vx,vy->xy", areas, vertices, vertices)
        third = np.einsum("v,v,vx->x", areas, radius**2, vertices)
        invariants = [
            radius,
            np.einsum("vx,xy,vy->v", vertices, second, vertices),
            vertices @ third,
            areas / areas.mean(),
        ]
        self._keys = np.stack([*invariants, *vertices.T])  # (key, vertex)

    def first(self, candidates: Index) -> int:
        """The first of some vertices: the farthest from the centre, unless several are."""
        for key in self._keys:
            values = key[candidates]
            candidates = candidates[values >= values.max() - TOLERANCE]
            if len(candidates) == 1:
                break
        return int(candidates[0])
