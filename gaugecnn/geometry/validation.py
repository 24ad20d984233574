"""What a triangle mesh must be before any geometry is computed on it.

potpourri3d takes arrays that are no surface and answers with NaN, an endless loop or a crash, so
each defect is refused here, with the mesh's name and the first places where it occurs.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.arrays import Array, Index

Mask = NDArray[np.bool_]

SMALLEST_AREA = 1e-12  # of a face, in mean areas
THINNEST = 1e-6  # height of a face over its longest edge; potpourri3d fails below, first with inf
SHORTEST_NORMAL = 1e-9  # of a vertex, the mean of its faces' unit normals
LARGEST_EXTENT = 1e60  # fourth powers of lengths, and their inverses, stay in range


def validated(name: str, vertices: NDArray[Any], faces: NDArray[Any]) -> Index:
    """The faces of a connected, oriented surface, with or without boundary.

    Faces that disagree about the outside are turned like the majority, and a closed surface that
    is inside out is turned as a whole; both are said with a warning.

    Args:
        name: the file or mesh, for messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.

    Returns:
        The faces ``(face, corner)``, counter-clockwise seen from outside.

    Raises:
        UserError: the arrays are not such a surface: the kind of defect, how many, the first five.
    """
    _check_arrays(name, vertices, faces)
    _check_indices(name, vertices, faces)
    vertices, faces = vertices.astype(np.float64), faces.astype(np.int64)
    _check_positions(name, vertices)
    vertices = (vertices - vertices.min(axis=0)) / np.ptp(vertices, axis=0).max()
    _check_areas(name, vertices, faces)
    _check_use(name, vertices, faces)
    _check_duplicates(name, faces)
    _check_edges(name, faces)
    _check_fans(name, faces)
    _check_connected(name, faces)
    faces = _outward(name, vertices, _oriented(name, faces))
    _check_normals(name, vertices, faces)
    return faces


def _check_arrays(name: str, vertices: NDArray[Any], faces: NDArray[Any]) -> None:
    if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3:
        raise UserError(
            f"{name}: expected vertices (vertex, 3) and faces (face, 3), "
            f"got {vertices.shape} and {faces.shape}"
        )
    if len(faces) == 0:
        raise UserError(f"{name}: expected at least one face, got none")
    if vertices.dtype.kind not in "fiu" or faces.dtype.kind not in "iu":
        raise UserError(
            f"{name}: expected real vertices and integer faces, "
            f"got {vertices.dtype} and {faces.dtype}"
        )


def _check_indices(name: str, vertices: NDArray[Any], faces: NDArray[Any]) -> None:
    outside = ((faces < 0) | (faces >= len(vertices))).any(axis=1)
    _refuse(name, f"faces with an index outside 0..{len(vertices) - 1}", outside)


def _check_positions(name: str, vertices: Array) -> None:
    finite = np.isfinite(vertices).all(axis=1)
    _refuse(name, "vertices that are not finite", ~finite)
    with np.errstate(over="ignore"):
        extent = np.ptp(vertices, axis=0).max()
    if not 1 / LARGEST_EXTENT < extent < LARGEST_EXTENT:
        raise UserError(
            f"{name}: expected an extent between {1 / LARGEST_EXTENT:g} and {LARGEST_EXTENT:g}, "
            f"got {extent:g}"
        )


def _check_areas(name: str, vertices: Array, faces: Index) -> None:
    corners = vertices[faces]  # (face, corner, xyz)
    sides = np.roll(corners, -1, axis=1) - corners
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    longest = (sides**2).sum(axis=2).max(axis=1)  # squared
    _refuse(name, "faces without area", area <= SMALLEST_AREA * area.mean())
    thin = 2 * area <= THINNEST * longest
    _refuse(name, f"slivers, thinner than {THINNEST:g} of their longest edge", thin)


def _check_use(name: str, vertices: Array, faces: Index) -> None:
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    _refuse(name, "unused vertices", ~used)


def _check_duplicates(name: str, faces: Index) -> None:
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    repeats = np.ones(len(faces), bool)
    repeats[first] = False
    _refuse(name, "faces that repeat another", repeats)


def _check_edges(name: str, faces: Index) -> None:
    edges, count = np.unique(np.sort(_sides(faces), axis=1), axis=0, return_counts=True)
    _refuse(name, "edges with more than two faces", count > 2, edges)


def _check_fans(name: str, faces: Index) -> None:
    """Corners joined across each edge, where two faces meet, make one group at each vertex."""
    side, other, opposite = _inner_edges(faces)
    at_start = np.where(opposite, _next_corner(other), other)
    at_end = np.where(opposite, other, _next_corner(other))
    corners = np.concatenate([side, _next_corner(side)])
    fans, fan = _groups(faces.size, corners, np.concatenate([at_start, at_end]))
    vertex_of_fan = np.empty(fans, np.int64)
    vertex_of_fan[fan] = faces.ravel()
    _refuse(name, "vertices whose faces form more than one fan", np.bincount(vertex_of_fan) > 1)


def _check_connected(name: str, faces: Index) -> None:
    side, other, _ = _inner_edges(faces)
    count, part = _groups(len(faces), side // 3, other // 3)
    if count > 1:
        part_of_vertex = np.empty(faces.max() + 1, np.int64)
        part_of_vertex[faces] = part[:, None]
        sizes = np.sort(np.bincount(part_of_vertex))[::-1].tolist()
        raise UserError(
            f"{name}: expected one connected surface, got {count} components, "
            f"the largest of {', '.join(map(str, sizes[:5]))} vertices"
        )


def _oriented(name: str, faces: Index) -> Index:
    """The faces, those turned over that disagree with the majority about the outside."""
    count = len(faces)
    side, other, agree = _inner_edges(faces)
    face, neighbour = side // 3, other // 3
    # Each face twice, as it is and turned over (+ count); the halves meet on a one-sided surface.
    as_is = np.where(agree, neighbour, neighbour + count)
    turned = np.where(agree, neighbour + count, neighbour)
    _, sheet = _groups(
        2 * count, np.concatenate([face, face + count]), np.concatenate([as_is, turned])
    )
    if sheet[0] == sheet[count]:
        raise UserError(f"{name}: not orientable: its {count} faces have no common outside")
    flipped = sheet[:count] != sheet[0]
    if 2 * flipped.sum() > count:
        flipped = ~flipped
    if flipped.any():
        _warn(f"{name}: {flipped.sum()} of {count} faces turned over to agree with the others")
    return np.where(flipped[:, None], faces[:, [0, 2, 1]], faces)


def _outward(name: str, vertices: Array, faces: Index) -> Index:
    """The faces, all turned over when they enclose a negative volume."""
    closed = len(_inner_edges(faces)[0]) * 2 == faces.size
    a, b, c = vertices[faces].swapaxes(0, 1)
    if closed and (a * np.cross(b, c)).sum() < 0:
        _warn(f"{name}: closed and inside out: all {len(faces)} faces turned over")
        return faces[:, [0, 2, 1]]
    return faces


def _check_normals(name: str, vertices: Array, faces: Index) -> None:
    """Without a normal, the mean over the angle around a vertex, there is no tangent frame."""
    corners = vertices[faces]  # (face, corner, xyz)
    ahead = np.roll(corners, -1, axis=1) - corners
    behind = np.roll(corners, 1, axis=1) - corners
    normal = np.cross(ahead, behind)
    length = np.linalg.norm(normal, axis=2)
    angle = np.arctan2(length, (ahead * behind).sum(axis=2))  # (face, corner)
    mean = np.zeros_like(vertices)
    np.add.at(mean, faces, normal * (angle / length)[..., None])
    around = np.bincount(faces.ravel(), weights=angle.ravel())
    folded = np.linalg.norm(mean, axis=1) <= SHORTEST_NORMAL * around
    _refuse(name, "vertices without a normal, folded flat", folded)


def _sides(faces: Index) -> Index:
    """The sides of each face, as its corners run ``(3 face, 2)``; side k starts at corner k."""
    return np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)


def _next_corner(corner: Index) -> Index:
    return corner - corner % 3 + (corner + 1) % 3


def _inner_edges(faces: Index) -> tuple[Index, Index, Mask]:
    """The two sides that meet in each edge of two faces, and whether they run opposite ways."""
    sides = _sides(faces)
    low, high = np.sort(sides, axis=1).T
    order = np.lexsort((high, low))
    meet = (low[order[1:]] == low[order[:-1]]) & (high[order[1:]] == high[order[:-1]])
    one, other = order[:-1][meet], order[1:][meet]
    return one, other, sides[one, 0] != sides[other, 0]


def _groups(count: int, one: Index, other: Index) -> tuple[int, Index]:
    """How many connected groups the pairs make of `count` nodes, and the group of each node."""
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(count, count))
    groups, label = connected_components(graph, directed=False)
    return int(groups), label


def _refuse(name: str, kind: str, bad: Mask | np.bool_, labels: Index | None = None) -> None:
    if bad.any():
        first = np.flatnonzero(bad)[:5]
        shown = first.tolist() if labels is None else labels[first].tolist()
        raise UserError(f"{name}: {int(bad.sum())} {kind}, the first: {shown}")


def _warn(message: str) -> None:
    warnings.warn(message, GaugecnnWarning, stacklevel=4)
