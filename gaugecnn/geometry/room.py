"""How far from a vertex geodesics stay the only shortest ones, and how far the boundary is, about.

Ways along a graph of short geodesics stand for geodesics here: some per cent too long, which is
enough to say how large a picture may be.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import scipy

from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.canonical import Order
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.farthest import farthest_points
from gaugecnn.geometry.progress import tracked
from gaugecnn.geometry.surface import Surface

QUARTER = math.pi / 2

STEPS = 2.3
"""How far, in mean edges, vertices are joined by geodesics when distances are added up."""

NEAR = 6.0
"""How far, in mean edges, directions are exact; farther on they are those at that distance."""

SAMPLES = 256
"""Vertices, spread over the surface, at which it is looked for geodesics that meet again."""

APART = math.pi / 3
"""Angle between the directions of neighbours above which geodesics to them went separate ways."""


@lru_cache(maxsize=8)
def room_on(surface: Surface) -> Array:
    """How far from each vertex geodesics are the only shortest ones and do not leave the surface.

    Both are measured along the graph; where geodesics meet again is looked for at `SAMPLES`
    vertices, and is taken for the same at those that are nearest to each.

    Returns:
        ``(vertex,)``, at most a quarter turn of the unit sphere.
    """
    known = surface.tangent.injectivity
    if known >= QUARTER:
        return np.full(len(surface), QUARTER)
    graph = short_geodesics(surface)
    order = Order(surface.vertices, surface.areas)
    samples, owner, _ = farthest_points(graph, order, min(SAMPLES, len(surface)))
    near = surface.tangent.discs(NEAR * surface.mean_edge, np.sort(samples))
    steps = tracked(samples.tolist(), f"room on {surface.title}")
    room = np.array([_meeting(surface, graph, near, base) for base in steps])[owner]
    return np.minimum(room, boundary_distance(surface))


def boundary_distance(surface: Surface) -> Array:
    """The distance of each vertex from the boundary ``(vertex,)``; infinite where there is none."""
    edge = surface.mesh.boundary
    if len(edge) == 0:
        return np.full(len(surface), math.inf)
    graph = short_geodesics(surface)
    distance: Array = scipy.sparse.csgraph.dijkstra(graph, indices=edge, min_only=True)
    return distance


@lru_cache(maxsize=4)
def short_geodesics(surface: Surface) -> scipy.sparse.csr_array:
    """Lengths of geodesics of about two edges, and of edges, as a graph ``(vertex, vertex)``."""
    pairs = surface.neighbours(STEPS * surface.mean_edge)
    shape = len(surface), len(surface)
    return scipy.sparse.csr_array((pairs.distance, (pairs.base, pairs.vertex)), shape=shape)


def _meeting(surface: Surface, graph: scipy.sparse.csr_array, near: Discs, base: int) -> float:
    """The distance from a vertex to where geodesics from it meet again, at most `QUARTER`.

    Geodesics to the two ends of an edge that leave the vertex more than 60 degrees apart, and end
    in the tangent plane more than two edges apart, have gone around something: half of the loop
    that they make with the edge is the distance.
    """
    distance, before = scipy.sparse.csgraph.dijkstra(
        graph, indices=base, limit=1.2 * QUARTER, return_predecessors=True
    )
    own = slice(*np.searchsorted(near.base, [base, base + 1]))
    angle = np.full(len(surface), math.nan)
    angle[near.vertex[own]], distance[near.vertex[own]] = near.angle[own], near.distance[own]
    angle[base] = 0.0
    angle = angle[_last_of(before, np.isfinite(angle))]
    edges = surface.mesh.edges
    edges = edges[np.isfinite(distance[edges]).all(axis=1)]
    place = distance[edges] * np.exp(1j * angle[edges])  # (edge, end) in the tangent plane
    length = np.linalg.norm(np.diff(surface.vertices[edges], axis=1)[:, 0], axis=1)
    apart = np.abs(np.angle(place[:, 0] * place[:, 1].conj())) > APART
    apart &= np.abs(place[:, 0] - place[:, 1]) > 2 * length
    loop = distance[edges].sum(axis=1) + length
    return float(min(QUARTER, loop[apart].min(initial=math.inf) / 2))


def _last_of(before: Index, known: Mask) -> Index:
    """The last known vertex on the way to each vertex ``(vertex,)``."""
    itself = np.arange(len(before))
    step = np.where((before < 0) | known, itself, before)
    while True:
        farther = step[step]
        if np.array_equal(farther, step):
            return step
        step = farther
