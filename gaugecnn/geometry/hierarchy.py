"""Levels of a surface, for pooling: ever fewer of its vertices, chosen by geometry alone.

The coarser level of a midpoint subdivision is the mesh that was subdivided. Where a mesh does not
come from a subdivision, its coarser level is a quarter of its vertices, each the farthest from
those before it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gaugecnn.errors import UserError
from gaugecnn.geometry.arrays import Index
from gaugecnn.geometry.canonical import Order
from gaugecnn.geometry.farthest import dual_faces, farthest_points
from gaugecnn.geometry.room import short_geodesics
from gaugecnn.geometry.subdivision import undone
from gaugecnn.geometry.surface import Surface, vertex_areas

LEAST = 4
"""Vertices of the coarsest level; a tetrahedron has so many."""


def level(surface: Surface, down: int) -> Surface:
    """The surface `down` levels below a finest one; always the same object.

    Raises:
        UserError: the surface has too few vertices for so many levels.
    """
    found = surface
    for step in range(down):
        coarse = coarser(found)
        if coarse is None:
            raise UserError(
                f"the plan goes {down} levels down, but {surface.title} ({len(surface)} vertices) "
                f"has {step} coarser levels; use a finer mesh or a plan with fewer levels"
            )
        found = coarse
    return found


@lru_cache(maxsize=64)
def coarser(surface: Surface) -> Surface | None:
    """The next level below a surface: the mesh of which it is a subdivision, or farthest points.

    None where fewer than `LEAST` vertices would be left, or where these are too few for the shape.
    """
    order = Order(surface.vertices, surface.areas)
    found = _origin(surface) or undone(surface.mesh, order)
    if found is not None and len(found[0]) >= LEAST:
        kept, faces = found
        areas = vertex_areas(surface.vertices[kept], faces, surface.total_area)
    elif len(surface) // 4 >= LEAST:
        chosen, owner, _ = farthest_points(short_geodesics(surface), order, len(surface) // 4)
        by_index = np.argsort(chosen)
        kept, cell = chosen[by_index], np.argsort(by_index)[owner]
        faces = dual_faces(surface.faces, cell)
        areas = np.bincount(cell, weights=surface.areas, minlength=len(kept)).astype(np.float64)
        if len(np.unique(faces)) < len(kept):
            return None
    else:
        return None
    title = f"{surface.title} coarsened to {len(kept)} vertices"
    index = surface.index[kept]
    arrays = surface.vertices[kept], faces, areas
    return Surface(title, *arrays, surface.tangent, index, surface.origins[1:])


def _origin(surface: Surface) -> tuple[Index, Index] | None:
    """What `undone` would find, where it is known without looking."""
    if not surface.origins:
        return None
    faces = surface.origins[0]
    return np.arange(faces.max() + 1), faces


def nested(surface: Surface) -> bool:
    """Whether the next level is the mesh of which the surface is a midpoint subdivision."""
    return undone(surface.mesh, Order(surface.vertices, surface.areas)) is not None
