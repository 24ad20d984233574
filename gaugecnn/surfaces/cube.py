"""The cube of six square charts: frames of its faces, isometries, and ways across its edges.

Face f is a picture on the plane of the outward normal n of a cube: columns run along u and rows,
downwards, along v, with ``v = u x n``, so that a picture is seen upright from outside. Everything
here is counted in whole numbers: the faces of a cube of ``size`` cells to an edge lie ``size`` from
its centre, and cell i of a row or a column at ``2i + 1 - size``.

A frame that is carried across an edge is folded about that edge: u, pointing at it, becomes the
inward ``-n``. The chart beyond has a frame of its own, which differs from the carried one by
quarter turns Q of pictures (``torch.rot90``, under which u becomes -v and v becomes u). This is the
gauge transformation between two charts (Cohen et al. 2019), and C4 the structure group.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from gaugecnn.geometry.arrays import Index

FACES = ("+x", "+y", "-x", "-y", "north", "south")
"""Four around the equator, eastwards, with the north on top; then those of the poles."""

NORMALS: Index = np.array(
    [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=np.int64
)
COLUMNS: Index = np.array(
    [[0, 1, 0], [-1, 0, 0], [0, -1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]], dtype=np.int64
)
"""u of each face: eastwards around the equator, along +x at the poles."""
ROWS: Index = np.cross(COLUMNS, NORMALS)
"""v of each face: southwards around the equator; on the south pole's along +y."""


class Cells(NamedTuple):
    """Cells of the cube, and how their charts are turned.

    Attributes:
        cell: index among the ``6 size size`` cells, in the order (face, row, column).
        turns: k in 0..3 for which the chart's own frame is ``Q^k`` of the frame that looks at it.
    """

    cell: Index
    turns: Index


def cells(size: int) -> Index:
    """Where the cells lie, ``(face, row, column, xyz)``."""
    place = 2 * np.arange(size) + 1 - size
    u, v, n = (axes[:, None, None] for axes in (COLUMNS, ROWS, NORMALS))
    found: Index = size * n + place[:, None] * u + place[:, None, None] * v
    return found


def located(places: Index, size: int) -> Index:
    """Which cells lie at `places` ``(..., xyz)``: their indices ``(...,)``."""
    face = (places @ NORMALS.T).argmax(-1)
    column = ((places * COLUMNS[face]).sum(-1) + size - 1) // 2
    row = ((places * ROWS[face]).sum(-1) + size - 1) // 2
    found: Index = (face * size + row) * size + column
    return found


def turns_between(u: Index, v: Index, seen: Index) -> Index:
    """The k in 0..3 with ``Q^k u = seen``, vectors ``(..., xyz)`` of one plane."""
    along, against = (u * seen).sum(-1), -(v * seen).sum(-1)
    found: Index = np.where(along == 0, 2 - against, 1 - along)  # (1, 0), (0, 1), (-1, 0), (0, -1)
    return found


def ways(size: int, padding: int) -> Cells:
    """The cells that faces with `padding` rows and columns more on each side are made of.

    A padded place is reached by two ways from the face that it belongs to: over an edge along its
    row first and along its column then, or the other way round. Where it lies beyond one edge
    alone, the two are one. Beyond a corner, where the plane has a quarter that the cube lacks, they
    lead to the two cells that straight lines reach which pass the corner on its either side, and
    the two arrive in frames a quarter turn apart.

    Args:
        size: rows and columns of a face.
        padding: how many are added, at most `size`.

    Returns:
        arrays ``(way, face, row, column)``, rows and columns of the padded face.

    Raises:
        ValueError: the padding is wider than a face.
    """
    if not 0 <= padding <= size:
        raise ValueError(f"expected a padding of 0 to {size} cells on faces of {size}x{size}, "
                         f"got {padding}")  # fmt: skip
    place = 2 * np.arange(-padding, size + padding) + 1 - size
    row, column = np.meshgrid(place, place, indexing="ij")
    both = [_walk(size, row, column, columns_first) for columns_first in (True, False)]
    index, turns = zip(*both, strict=True)
    return Cells(np.stack(index), np.stack(turns))


def _walk(size: int, row: Index, column: Index, columns_first: bool) -> Cells:
    """The cells at these places of each face's plane, the frame being carried along."""
    shape = (len(FACES), *row.shape, 1)
    a, b = (np.broadcast_to(place[..., None], shape) for place in (column, row))
    u, v, n = (np.broadcast_to(axes[:, None, None], (*shape[:3], 3)) for axes in
               (COLUMNS, ROWS, NORMALS))  # fmt: skip
    if columns_first:
        a, u, n = _fold(size, a, u, n)
        b, v, n = _fold(size, b, v, n)
    else:
        b, v, n = _fold(size, b, v, n)
        a, u, n = _fold(size, a, u, n)
    index = located(size * n + a * u + b * v, size)
    return Cells(index, turns_between(u, v, COLUMNS[index // size**2]))


def _fold(size: int, place: Index, axis: Index, normal: Index) -> tuple[Index, Index, Index]:
    """A place along an axis, the axis and the normal, all carried over the edge if it is beyond."""
    side = np.where(np.abs(place) > size, np.sign(place), 0)
    beyond = side != 0
    onwards = np.where(beyond, -side * normal, axis)
    return place - 2 * size * side, onwards, np.where(beyond, side * axis, normal)


def isometries() -> Index:
    """The 48 orthogonal maps ``(48, 3, 3)`` of the cube: its 24 rotations, then those inverted."""
    orders = np.stack(
        [np.eye(3, dtype=np.int64)[list(p)] for p in itertools.permutations(range(3))]
    )
    signs = np.stack([np.diag(s) for s in itertools.product((1, -1), repeat=3)])
    every = (signs[:, None] @ orders).reshape(-1, 3, 3)
    rotations = every[np.linalg.det(every) > 0]
    return np.concatenate([rotations, -rotations])


def moved(matrix: Index, size: int) -> Cells:
    """What an isometry of the cube does to its cells, ``(face, row, column)``.

    ``cell`` is the index of ``Q^T x`` for each cell x. A rotation turns charts: the frame that it
    brings from there is ``Q^k`` of the one here, k being ``turns``.

    Args:
        matrix: the isometry ``(3, 3)``, an orthogonal matrix of 0, 1 and -1.
        size: rows and columns of a face.
    """
    index = located(cells(size) @ matrix, size)  # rows Q^T x
    brought = COLUMNS[index // size**2] @ matrix.T
    u, v = (axes[:, None, None] for axes in (COLUMNS, ROWS))
    return Cells(index, turns_between(u, v, brought))


def described(matrix: Index) -> str:
    """A rotation of the cube in words: by how much, and about which of its axes."""
    trace = int(np.trace(matrix))
    if trace == 3:
        return "identity"
    turn = {1: "quarter turn", 0: "third of a turn", -1: "half turn"}[trace]
    if trace == -1:
        axis = np.eye(3, dtype=np.int64) + matrix  # twice the projection onto the axis
        axis = np.sign(axis[np.abs(axis).sum(1).argmax()])
    else:
        skew = matrix - matrix.T
        axis = np.sign([skew[2, 1], skew[0, 2], skew[1, 0]])
    return f"{turn} about ({', '.join(str(int(a)) for a in axis)})"
