"""Levels of a surface, for pooling: ever fewer of its vertices.

A mesh made by midpoint subdivision holds its coarser mesh: every vertex is either kept or the
midpoint of a coarse edge. The labels spread from one face across the mesh, so neither the order
of the vertices nor their positions matter. Where a mesh does not come from a subdivision, its
coarser level is a quarter of its vertices, each the farthest from those before it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gaugecnn.errors import UserError
from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.farthest import dual_faces, farthest_points
from gaugecnn.geometry.surface import Surface, vertex_areas

LEAST = 12
"""Vertices of the coarsest level; an icosahedron has so many."""


def subdivide(vertices: Array, faces: Index) -> tuple[Array, Index]:
    """Halve every edge: the old vertices first, then one midpoint per edge; four faces for one."""
    sides = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, inverse = np.unique(sides, axis=0, return_inverse=True)
    middle = len(vertices) + inverse.reshape(-1, 3)  # (face, side)
    a, b, c = faces.T
    ab, bc, ca = middle.T
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    finer = np.concatenate([np.stack(part, axis=1) for part in parts])
    return np.concatenate([vertices, vertices[edges].mean(axis=1)]), finer


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
    undone = _undo(surface.faces, len(surface))
    if undone is not None and len(undone[0]) >= LEAST:
        kept, faces = undone
        areas = vertex_areas(surface.vertices[kept], faces, surface.total_area)
    elif len(surface) // 4 >= LEAST:
        kept, cell = farthest_points(surface, len(surface) // 4)
        faces = dual_faces(surface.faces, cell)
        areas = np.bincount(cell, weights=surface.areas, minlength=len(kept)).astype(np.float64)
        if len(np.unique(faces)) < len(kept):
            return None
    else:
        return None
    title = f"{surface.title} coarsened to {len(kept)} vertices"
    index = surface.index[kept]
    return Surface(title, surface.vertices[kept], faces, areas, surface.tangent, index)


def nested(surface: Surface) -> bool:
    """Whether the next level is the mesh of which the surface is a midpoint subdivision."""
    return _undo(surface.faces, len(surface)) is not None


def _undo(faces: Index, count: int) -> tuple[Index, Index] | None:
    """The vertices and the faces of the mesh that was subdivided, or None; always the same."""
    across = _faces_across(faces)
    for seed in range(4):  # which corner of the first face is kept; 3: none, it is a central face
        is_kept = _label(faces, across, seed, count)
        found = None if is_kept is None else _collect(faces, is_kept)
        if found is not None:
            return found
    return None


def _faces_across(faces: Index) -> Index:
    """For each side (corner i to i + 1) of each face the face across it, -1 at a boundary."""
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    key = np.sort(sides, axis=1) @ np.array([faces.max() + 1, 1])
    order = np.argsort(key, kind="stable")
    across = np.full(len(key), -1)
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    across[order[same]], across[order[same + 1]] = order[same + 1] // 3, order[same] // 3
    return across.reshape(-1, 3)


def _label(faces: Index, across: Index, seed: int, count: int) -> Array | None:
    """Which vertices are kept, given the first face's label; None on a contradiction."""
    label = np.full(count, -1)  # 1 kept, 0 midpoint
    central = np.full(len(faces), -1)
    label[faces[0]] = 0
    if seed < 3:
        label[faces[0, seed]] = 1
    central[0] = int(seed == 3)
    stack = [0]
    while stack:
        f = stack.pop()
        for side in range(3):
            g = across[f, side]
            if g < 0:
                continue
            ends = faces[f, side], faces[f, (side + 1) % 3]
            opposite = next(v for v in faces[g] if v not in ends)
            # Across a side between midpoints a corner face meets its central face, and the other
            # way round; across a side with a kept end lies another corner face.
            between_midpoints = label[ends[0]] == 0 and label[ends[1]] == 0
            is_central = int(between_midpoints and central[f] == 0)
            wanted = int(between_midpoints and central[f] == 1)
            if label[opposite] not in (-1, wanted) or central[g] not in (-1, is_central):
                return None
            label[opposite] = wanted
            if central[g] < 0:
                central[g] = is_central
                stack.append(int(g))
    complete = (central >= 0).all() and 4 * central.sum() == len(faces)
    return label if complete else None


def _collect(faces: Index, is_kept: Array) -> tuple[Index, Index] | None:
    """The kept vertices and the coarse faces between them, given which vertices are kept."""
    kept = np.flatnonzero(is_kept == 1)
    midpoints = np.flatnonzero(is_kept == 0)
    coarse_index = np.full(len(is_kept), -1)
    coarse_index[kept] = np.arange(len(kept))
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    target, source = np.unique(np.concatenate([sides, sides[:, ::-1]]), axis=0).T
    rows = (is_kept[target] == 0) & (is_kept[source] == 1)
    counts = np.bincount(target[rows], minlength=len(is_kept))
    if len(midpoints) == 0 or not (counts[midpoints] == 2).all():
        return None
    parents = np.zeros((len(is_kept), 2), dtype=np.int64)  # of each midpoint, two rows a target
    parents[midpoints] = coarse_index[source[rows]].reshape(-1, 2)
    # The central face (m_ab, m_bc, m_ca) stands for the coarse face of the parents in common.
    central = faces[(is_kept[faces] == 0).all(axis=1)]
    m0, m1, m2 = (parents[central[:, i]] for i in range(3))
    coarse = np.stack([_common(m2, m0), _common(m0, m1), _common(m1, m2)], axis=1)
    ends = np.stack([coarse, np.roll(coarse, -1, axis=1)], axis=-1).reshape(-1, 2)
    if (coarse < 0).any() or len(np.unique(ends, axis=0)) < len(ends):
        return None  # too coarse: a side would belong to two faces of one orientation
    return kept, coarse


def _common(first: Index, second: Index) -> Index:
    """The entry that two rows of pairs share, ``(row,)``; -1 where there is none."""
    match = first[:, :, None] == second[:, None, :]  # (row, entry, entry)
    place = match.any(axis=2).argmax(axis=1)
    shared = np.take_along_axis(first, place[:, None], axis=1)[:, 0]
    return np.where(match.any(axis=(1, 2)), shared, -1)
