"""Midpoint subdivision of triangles, and how it is undone.

A mesh made by midpoint subdivision holds its coarser mesh: every vertex is either kept or the
midpoint of a coarse edge. The labels spread from one face across the mesh, so neither the order of
the vertices nor their positions matter. Where several coarser meshes are possible (four on a
regular torus), the one is taken that keeps the vertex which comes first by geometry.
"""

from __future__ import annotations

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.canonical import Order
from gaugecnn.geometry.connectivity import Connectivity, preceding

KEPT, MIDPOINT = 1, 0


def subdivide(vertices: Array, faces: Index) -> tuple[Array, Index]:
    """Halve every edge: the old vertices first, then one midpoint per edge; four faces for one."""
    mesh = Connectivity(faces, len(vertices))
    ab, bc, ca = (len(vertices) + mesh.edge).reshape(-1, 3).T  # (face, side)
    a, b, c = faces.T
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    finer = np.concatenate([np.stack(part, axis=1) for part in parts])
    return np.concatenate([vertices, vertices[mesh.edges].mean(axis=1)]), finer


def undone(mesh: Connectivity, order: Order) -> tuple[Index, Index] | None:
    """The vertices and the faces of the mesh that was subdivided, or None.

    Args:
        mesh: the finer mesh.
        order: which vertex decides between several coarser meshes.

    Returns:
        the kept vertices, ascending ``(coarse vertex,)``, and faces of their places
        ``(coarse face, corner)``.
    """
    pieces, piece = mesh.components
    kept = np.full(mesh.count, MIDPOINT)
    for number in range(pieces):
        labels = _labels_of(mesh, np.flatnonzero(piece == number))
        if not labels:
            return None
        keeping = np.unique(np.concatenate([np.flatnonzero(label == KEPT) for label in labels]))
        first = order.first(keeping)
        (chosen,) = (label for label in labels if label[first] == KEPT)
        kept[chosen == KEPT] = KEPT
    return _collect(mesh.faces, kept)


def _labels_of(mesh: Connectivity, faces: Index) -> list[Index]:
    """All ways to label one piece as kept and midpoints, ``(vertex,)`` each; -1 outside."""
    found = []
    for corner in range(4):  # which corner of the first face is kept; 3: none, it is central
        label = _spread(mesh, faces, corner)
        if label is not None and _collect(mesh.faces[faces], label) is not None:
            found.append(label)
    return found


def _spread(mesh: Connectivity, faces: Index, corner: int) -> Index | None:
    """Labels that follow from those of the first face; None where they contradict each other."""
    label = np.full(mesh.count, -1)
    central = np.full(len(mesh.faces), -1)
    label[mesh.faces[faces[0]]] = MIDPOINT
    if corner < 3:
        label[mesh.faces[faces[0], corner]] = KEPT
    central[faces[0]] = int(corner == 3)
    reached = faces[:1]
    sides = (3 * faces[:, None] + np.arange(3)).ravel()
    sides = sides[mesh.twin[sides] >= 0]
    while len(reached):
        here = (3 * reached[:, None] + np.arange(3)).ravel()
        here = here[mesh.twin[here] >= 0]
        opposite, kind, across = _across(mesh, label, central, here)
        fresh = central[across] < 0
        label[opposite[fresh]], central[across[fresh]] = kind[fresh, 0], kind[fresh, 1]
        reached = np.unique(across[fresh])
    opposite, kind, across = _across(mesh, label, central, sides)
    consistent = (label[opposite] == kind[:, 0]).all() and (central[across] == kind[:, 1]).all()
    return label if consistent and 4 * (central[faces] == 1).sum() == len(faces) else None


def _across(
    mesh: Connectivity, label: Index, central: Index, side: Index
) -> tuple[Index, Index, Index]:
    """What lies across sides: the opposite vertex, (its label, whether central), the face."""
    there = mesh.twin[side]
    # Across a side between midpoints a corner face meets its central face, and the other way
    # round; across a side with a kept end lies another corner face.
    between = (label[mesh.start[side]] == MIDPOINT) & (label[mesh.end[side]] == MIDPOINT)
    is_central = between & (central[side // 3] == 0)
    is_kept = between & (central[side // 3] == 1)
    kind = np.stack([np.where(is_kept, KEPT, MIDPOINT), is_central.astype(np.int64)], axis=1)
    return mesh.start[preceding(there)], kind, there // 3


def _collect(faces: Index, label: Index) -> tuple[Index, Index] | None:
    """The kept vertices and the coarse faces between them, given which vertices are kept."""
    kept = np.flatnonzero(label == KEPT)
    mesh = Connectivity(faces, len(label))
    target, source = mesh.neighbours
    parents_of = (label[target] == MIDPOINT) & (label[source] == KEPT)
    midpoints, count = np.unique(target[parents_of], return_counts=True)
    if len(midpoints) == 0 or not (count == 2).all():
        return None
    coarse_index = np.full(len(label), -1)
    coarse_index[kept] = np.arange(len(kept))
    parents = np.full((len(label), 2), -1)  # of each midpoint
    parents[midpoints] = coarse_index[source[parents_of]].reshape(-1, 2)
    # The central face (m_ab, m_bc, m_ca) stands for the coarse face of the parents in common.
    central = faces[(label[faces] == MIDPOINT).all(axis=1)]
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
    return np.where(match.any(axis=(1, 2)) & (shared >= 0), shared, -1)
