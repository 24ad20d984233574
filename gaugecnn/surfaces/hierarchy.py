"""Nested levels of a mesh, for pooling: midpoint subdivision, done and undone.

A mesh made by midpoint subdivision holds its coarser mesh: every vertex is either kept or the
midpoint of a coarse edge. The labels spread from one face across the mesh, so neither the order
of the vertices nor their positions matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gaugecnn.errors import UserError
from gaugecnn.surfaces.surface import Surface
from gaugecnn.surfaces.tangent import Array, Index


@dataclass(frozen=True, eq=False)
class Coarsening:
    """A fine surface and the coarser one whose edges it halves.

    Attributes:
        kept: fine index of each coarse vertex ``(coarse vertex,)``.
        midpoints: fine index of each midpoint ``(coarse edge,)``.
        parents: coarse indices of the two ends of its edge ``(coarse edge, 2)``.
    """

    fine: Surface
    coarse: Surface
    kept: Index
    midpoints: Index
    parents: Index


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


def levels(surface: Surface, down: int) -> list[Coarsening]:
    """The `down` coarsenings below a surface, finest first.

    Raises:
        UserError: the mesh does not come from that many midpoint subdivisions.
    """
    found: list[Coarsening] = []
    while len(found) < down:
        step = coarsen(found[-1].coarse if found else surface)
        if step is None:
            raise UserError(
                f"the plan goes {down} levels down, but {surface.title} ({len(surface)} vertices) "
                f"holds {len(found)} nested by midpoint subdivision; use a finer subdivision of "
                "the mesh or a plan with fewer levels"
            )
        found.append(step)
    return found


@lru_cache(maxsize=64)
def coarsen(surface: Surface) -> Coarsening | None:
    """Undo one midpoint subdivision, or None where the mesh does not come from one.

    The same surface always gives the same coarser surface.
    """
    neighbours = _faces_across(surface.faces)
    for seed in range(4):  # which corner of the first face is kept; 3: none, it is a central face
        is_kept = _label(surface.faces, neighbours, seed, len(surface))
        if is_kept is not None:
            return _collect(surface, is_kept)
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


def _collect(surface: Surface, is_kept: Array) -> Coarsening | None:
    """The coarse surface and who is whose midpoint, given which vertices are kept."""
    kept = np.flatnonzero(is_kept == 1)
    midpoints = np.flatnonzero(is_kept == 0)
    coarse_index = np.full(len(surface), -1)
    coarse_index[kept] = np.arange(len(kept))
    target, source = surface.one_ring
    rows = (is_kept[target] == 0) & (is_kept[source] == 1)
    if len(midpoints) == 0 or not (np.bincount(target[rows])[midpoints] == 2).all():
        return None
    parents = coarse_index[source[rows]].reshape(-1, 2)  # target is sorted: two rows a midpoint
    # The central face (m_ab, m_bc, m_ca) stands for the coarse face of the parents in common.
    parents_of = np.zeros((len(surface), 2), dtype=np.int64)
    parents_of[midpoints] = parents
    central = surface.faces[(is_kept[surface.faces] == 0).all(axis=1)]
    m0, m1, m2 = (parents_of[central[:, i]] for i in range(3))
    faces = np.stack([_common(m2, m0), _common(m0, m1), _common(m1, m2)], axis=1)
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    if (faces < 0).any() or len(np.unique(sides, axis=0)) < len(sides):
        return None  # too coarse: a side would belong to two faces of one orientation
    vertices = surface.vertices[kept]
    tangent = surface.tangent.restricted(kept, vertices, faces)
    title = f"{surface.title} coarsened to {len(kept)} vertices"
    coarse = Surface(title, vertices, faces, tangent, surface.total_area)
    return Coarsening(surface, coarse, kept, midpoints, parents)


def _common(first: Index, second: Index) -> Index:
    """The entry that two rows of pairs share, ``(row,)``; -1 where there is none."""
    match = first[:, :, None] == second[:, None, :]  # (row, entry, entry)
    place = match.any(axis=2).argmax(axis=1)
    shared = np.take_along_axis(first, place[:, None], axis=1)[:, 0]
    return np.where(match.any(axis=(1, 2)), shared, -1)
