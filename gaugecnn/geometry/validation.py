"""What a triangle mesh must be before any geometry is computed on it.

Solvers take arrays that are no surface and answer with NaN, an endless loop or a crash, so each
defect is refused here, with the mesh's name and the first places where it occurs.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.connectivity import Connectivity, following, groups
from gaugecnn.geometry.orientation import Orientation, orientation
from gaugecnn.geometry.thin_faces import THINNEST, without_area
from gaugecnn.geometry.welding import alike

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
    faces, said = checked(name, vertices, faces)
    for sentence in said:
        warnings.warn(f"{name}: {sentence}", GaugecnnWarning, stacklevel=2)
    return faces


def checked(
    name: str, vertices: NDArray[Any], faces: NDArray[Any]
) -> tuple[Index, tuple[str, ...]]:
    """As `validated`, with what was turned over in sentences instead of warnings."""
    check_arrays(name, vertices, faces)
    check_indices(name, vertices, faces)
    vertices, faces = vertices.astype(np.float64), faces.astype(np.int64)
    check_positions(name, vertices)
    vertices = (vertices - vertices.min(axis=0)) / np.ptp(vertices, axis=0).max()
    check_areas(name, vertices, faces)
    _check_use(name, vertices, faces)
    _check_duplicates(name, faces)
    mesh = Connectivity(faces, len(vertices))
    _check_edges(name, mesh)
    _check_fans(name, mesh)
    _check_connected(name, mesh)
    found = orientation(vertices, mesh)
    refuse_one_sided(name, found)
    faces = np.where(found.turned[:, None], faces[:, [0, 2, 1]], faces)
    _check_normals(name, vertices, faces)
    return faces, tuple(found.sentences())


def check_manifold(name: str, vertices: Array, faces: Index, mesh: Connectivity) -> None:
    """Refuse what is no oriented surface, of one or several components.

    Args:
        name: the file or mesh, for messages.
        vertices: positions ``(vertex, xyz)``, of an extent near 1.
        faces: vertex indices ``(face, corner)``, each vertex used.
        mesh: their connectivity, whichever way they are turned.
    """
    check_areas(name, vertices, faces)
    _check_duplicates(name, faces)
    _check_edges(name, mesh)
    _check_fans(name, mesh)
    _check_normals(name, vertices, faces)


def check_arrays(name: str, vertices: NDArray[Any], faces: NDArray[Any]) -> None:
    """Refuse arrays of another shape or kind."""
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


def check_indices(name: str, vertices: NDArray[Any], faces: NDArray[Any]) -> None:
    """Refuse faces that name vertices that are not there."""
    outside = ((faces < 0) | (faces >= len(vertices))).any(axis=1)
    _refuse(name, f"faces with an index outside 0..{len(vertices) - 1}", outside)


def check_positions(name: str, vertices: Array, labels: Index | None = None) -> None:
    """Refuse positions that are not finite or that span nothing; `labels` are their indices."""
    finite = np.isfinite(vertices).all(axis=1)
    _refuse(name, "vertices that are not finite", ~finite, labels)
    with np.errstate(over="ignore"):
        extent = np.ptp(vertices, axis=0).max()
    if not 1 / LARGEST_EXTENT < extent < LARGEST_EXTENT:
        raise UserError(
            f"{name}: expected an extent between {1 / LARGEST_EXTENT:g} and {LARGEST_EXTENT:g}, "
            f"got {extent:g}"
        )


def check_areas(name: str, vertices: Array, faces: Index) -> None:
    """Refuse faces without area and slivers."""
    empty, sliver = without_area(vertices, faces)
    _refuse(name, "faces without area", empty)
    _refuse(name, f"slivers, thinner than {THINNEST:g} of their longest edge", sliver)


def _check_use(name: str, vertices: Array, faces: Index) -> None:
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    _refuse(name, "unused vertices", ~used)


def _check_duplicates(name: str, faces: Index) -> None:
    repeats = np.zeros(len(faces), bool)
    repeats[alike(np.sort(faces, axis=1))[1]] = True
    _refuse(name, "faces that repeat another", repeats)


def _check_edges(name: str, mesh: Connectivity) -> None:
    _refuse(name, "edges with more than two faces", mesh.sides_per_edge > 2, mesh.edges)


def _check_fans(name: str, mesh: Connectivity) -> None:
    """Corners joined across each edge, where two faces meet, make one group at each vertex."""
    side, other, opposite = mesh.meeting
    at_start = np.where(opposite, following(other), other)
    at_end = np.where(opposite, other, following(other))
    corners = np.concatenate([side, following(side)])
    fans, fan = groups(mesh.faces.size, corners, np.concatenate([at_start, at_end]))
    vertex_of_fan = np.empty(fans, np.int64)
    vertex_of_fan[fan] = mesh.start
    _refuse(name, "vertices whose faces form more than one fan", np.bincount(vertex_of_fan) > 1)


def _check_connected(name: str, mesh: Connectivity) -> None:
    count, part = mesh.components
    if count > 1:
        part_of_vertex = np.empty(mesh.count, np.int64)
        part_of_vertex[mesh.faces] = part[:, None]
        sizes = np.sort(np.bincount(part_of_vertex))[::-1].tolist()
        raise UserError(
            f"{name}: expected one connected surface, got {count} components, "
            f"the largest of {', '.join(map(str, sizes[:5]))} vertices"
        )


def refuse_one_sided(name: str, found: Orientation) -> None:
    """Refuse a surface of which a component has no outside."""
    bad, count = found.one_sided.sum(), len(found.one_sided)
    if bad:
        those = f"its {count}" if bad == count else f"{bad} of its {count}"
        raise UserError(f"{name}: not orientable: {those} faces have no common outside")


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


def _refuse(name: str, kind: str, bad: Mask | np.bool_, labels: Index | None = None) -> None:
    if bad.any():
        first = np.flatnonzero(bad)[:5]
        shown = first.tolist() if labels is None else labels[first].tolist()
        raise UserError(f"{name}: {int(bad.sum())} {kind}, the first: {shown}")
