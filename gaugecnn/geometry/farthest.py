"""Farthest points: well-spread vertices of any mesh, and the cells around them."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import scipy

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.canonical import TOLERANCE, Order

UNREACHED = 1e30


def farthest_points(
    graph: scipy.sparse.csr_array, order: Order, count: int
) -> tuple[Index, Index, Array]:
    """`count` vertices, each the farthest from all before it (Gonzalez 1985), and their cells.

    Distances are along a graph of short geodesics. Vertices that no one before can reach, as in
    another piece of the surface, come first; of several equally far the first in `order` is taken.
    A vertex equally far from two of them belongs to the one that was chosen first.

    Args:
        graph: lengths of short geodesics ``(vertex, vertex)``.
        order: which of equally good vertices is taken.
        count: how many.

    Returns:
        the vertices as they were chosen ``(count,)``, for each vertex of the surface the place of
        the nearest one among them ``(vertex,)``, and its distance ``(vertex,)``.
    """
    total = graph.shape[0]
    starts, ends, lengths = graph.indptr.tolist(), graph.indices.tolist(), graph.data.tolist()
    nearest = np.full(total, UNREACHED)
    owner = np.zeros(total, dtype=np.int64)
    chosen: list[int] = []
    while len(chosen) < count:
        farthest = nearest.max()
        point = order.first(np.flatnonzero(nearest >= farthest - TOLERANCE))
        place = len(chosen)
        chosen.append(point)
        queue = [(0.0, point)]
        nearest[point], owner[point] = 0.0, place
        while queue:  # Dijkstra, as far as the new point is the nearest
            distance, here = heappop(queue)
            if distance > nearest[here]:
                continue
            for i in range(starts[here], starts[here + 1]):
                there, farther = ends[i], distance + lengths[i]
                if farther < nearest[there] - TOLERANCE:
                    nearest[there], owner[there] = farther, place
                    heappush(queue, (farther, there))
    return np.array(chosen, dtype=np.int64), owner, nearest


def dual_faces(faces: Index, cell: Index) -> Index:
    """The triples of cells that meet in a face ``(face, corner)``, each once, oriented as it is."""
    corners = cell[faces]
    a, b, c = corners.T
    meeting = corners[(a != b) & (b != c) & (c != a)]
    first = meeting.argmin(axis=1)
    turned = np.take_along_axis(meeting, (first[:, None] + np.arange(3)) % 3, axis=1)
    return np.unique(turned, axis=0)
