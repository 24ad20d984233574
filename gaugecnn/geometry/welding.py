"""What is stored twice: vertices at one place, and faces over the same three vertices."""

from __future__ import annotations

import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.connectivity import Connectivity, groups
from gaugecnn.geometry.orientation import agreement, volumes


def same_place(vertices: Array) -> Index:
    """The first of the vertices that are bitwise equal, 0 and -0 alike, for each ``(vertex,)``."""
    order = np.lexsort(vertices.T)
    ordered = vertices[order]
    new = np.ones(len(order), bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = order[np.flatnonzero(new)]  # the sort is stable
    found = np.empty(len(order), np.int64)
    found[order] = first[np.cumsum(new) - 1]
    return found


def joined(vertices: Array, faces: Index) -> Index:
    """The faces with one vertex for those that are equal and belong together ``(face, corner)``.

    Equal vertices are joined where both lie on an edge of one face, the two sides of a seam, or
    where an edge joins them. Where two closed surfaces touch they stay apart.
    """
    first = same_place(vertices)
    if (first == np.arange(len(first))).all():
        return faces
    mesh = Connectivity(faces, len(vertices))
    single = mesh.sides_per_edge[mesh.edge] == 1
    seam = np.zeros(len(vertices), bool)
    seam[mesh.start[single]] = seam[mesh.end[single]] = True
    on_seam = np.flatnonzero(seam)
    short = first[mesh.start] == first[mesh.end]
    # A node of its own for the seam at each place.
    one = np.append(on_seam, mesh.start[short])
    other = np.append(len(vertices) + first[on_seam], mesh.end[short])
    _, group = groups(2 * len(vertices), one, other)
    kept = np.full(2 * len(vertices), len(vertices))
    np.minimum.at(kept, group[: len(vertices)], np.arange(len(vertices)))
    return kept[group[faces]]


def superfluous(vertices: Array, faces: Index) -> Mask:
    """The faces that repeat another, or lie back to back with it in vain ``(face,)``.

    Of faces over the same vertices one is kept. But where faces lie back to back over a whole
    patch both are kept where two solids touch, that is where other faces go on from every side of
    the patch, and neither where they hang on a surface as a flap.
    """
    dropped = np.zeros(len(faces), bool)
    if len(alike(np.sort(faces, axis=1))[0]) == 0:
        return dropped
    at = np.argmin(faces, axis=1)
    rolled = np.take_along_axis(faces, (at[:, None] + np.arange(3)) % 3, axis=1)
    dropped[alike(rolled)[1]] = True
    left = np.flatnonzero(~dropped)
    one, other = alike(np.sort(faces[left], axis=1))
    if len(one):
        dropped[left[_films(vertices, faces[left], one, other)]] = True
    return dropped


def alike(rows: Index) -> tuple[Index, Index]:
    """Rows that are equal, each and the next one of its kind ``(pair,)``."""
    order = np.lexsort(rows.T)
    same = (rows[order[1:]] == rows[order[:-1]]).all(axis=1)
    return order[:-1][same], order[1:][same]


def _films(vertices: Array, faces: Index, front: Index, back: Index) -> Index:
    """Which faces to drop of those that lie back to back, `front` and `back` of each pair."""
    count = len(vertices)
    rest = np.delete(faces, np.append(front, back), axis=0)
    mesh = Connectivity(np.concatenate([faces[front], rest]), count)
    film = Connectivity(faces[front], count)
    found = agreement(vertices, faces[front], *film.meeting)
    patch, patches = found.component, found.component.max() + 1
    inside = np.bincount(mesh.edge[: 3 * len(front)], minlength=len(mesh.edges))
    beyond = (mesh.sides_per_edge - inside)[mesh.edge[: 3 * len(front)]]
    rim = film.sides_per_edge[film.edge] == 1
    whose = patch[np.flatnonzero(rim) // 3]
    sides = np.bincount(whose, minlength=patches)
    odd = np.bincount(whose, weights=beyond[rim] % 2, minlength=patches) > 0
    held = np.bincount(whose, weights=beyond[rim] >= 2, minlength=patches)
    both = ~odd & (held == sides) & (sides > 0)
    neither = ~odd & (held > 0) & ~both
    one_way = np.where(found.minority, back, front)
    other_way = front + back - one_way
    better = _fit(vertices, faces[one_way], rest) - _fit(vertices, faces[other_way], rest)
    outward = volumes(vertices, faces[front], patch, found.minority)
    turn = np.bincount(patch, weights=better) + outward < 0
    worse = np.where(turn[patch], one_way, other_way)
    return np.concatenate([worse[~both[patch]], (front + back - worse)[neither[patch]]])


def _fit(vertices: Array, faces: Index, rest: Index) -> Array:
    """How well each face goes on from the others ``(face,)``, and by a hair which way it looks.

    The first counts sides that run opposite ways; the second settles what is still open, whatever
    the order of the faces.
    """
    count = len(vertices)
    sides, others = Connectivity(faces, count), Connectivity(rest, count)
    opposite = np.isin(sides.start * count + sides.end, others.end * count + others.start)
    a, b, c = vertices[faces].swapaxes(0, 1)
    upward = np.cross(b - a, c - a) @ [1.0, 2.0, 4.0]
    fit: Array = opposite.reshape(-1, 3).sum(axis=1) + 1e-6 * upward
    return fit
