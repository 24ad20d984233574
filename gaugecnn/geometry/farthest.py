"""Farthest-point levels: well-spread vertices of any mesh, and the cells around them."""

from __future__ import annotations

import numpy as np

from gaugecnn.geometry.arrays import Index
from gaugecnn.geometry.surface import Surface


def farthest_points(surface: Surface, count: int) -> tuple[Index, Index]:
    """`count` vertices, each the farthest from all before it (Gonzalez 1985), and their cells.

    Distances are geodesic. The first is vertex 0; while there are vertices out of the reach of all
    before, the first such is next.

    Returns:
        the vertices ``(count,)``, ascending, and for each vertex of the surface the place of the
        nearest one among them ``(vertex,)``.
    """
    chosen, nearest = [0], _distances(surface, 0)
    owner = np.zeros(len(surface), dtype=np.int64)
    while len(chosen) < count:
        chosen.append(int(np.argmax(nearest)))
        distance = _distances(surface, chosen[-1])
        owner[distance < nearest] = len(chosen) - 1
        nearest = np.minimum(nearest, distance)
    kept, place = np.unique(np.array(chosen, dtype=np.int64), return_inverse=True)
    return kept, place[owner]


def dual_faces(faces: Index, cell: Index) -> Index:
    """The triples of cells that meet in a face ``(face, corner)``, each once, oriented as it is."""
    corners = cell[faces]
    a, b, c = corners.T
    meeting = corners[(a != b) & (b != c) & (c != a)]
    first = meeting.argmin(axis=1)
    turned = np.take_along_axis(meeting, (first[:, None] + np.arange(3)) % 3, axis=1)
    return np.unique(turned, axis=0)


def _distances(surface: Surface, vertex: int) -> np.ndarray:
    """Geodesic distance of every vertex from one ``(vertex,)``, infinite where it is not known."""
    r, _ = surface.tangent.logarithms_from(surface.index[[vertex]], 0.0)
    return r[0, surface.index]
