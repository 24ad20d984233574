"""Meshes as arrays, from a file or from a trimesh object, every vertex as it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gaugecnn.errors import UserError
from gaugecnn.files import at_home
from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.ply import read_ply
from gaugecnn.geometry.readers import read_obj, read_off, read_stl
from gaugecnn.geometry.welding import same_place

READERS = {".ply": read_ply, ".obj": read_obj, ".stl": read_stl, ".off": read_off}


class Loaded(NamedTuple):
    """Triangles as they were given, not validated.

    Attributes:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        vertex_map: the index of each vertex among those given ``(vertex,)``.
        said: what was joined or passed over, in sentences.
    """

    vertices: Array
    faces: Index
    vertex_map: Index
    said: tuple[str, ...]


def load_mesh(path: str | Path) -> tuple[Array, Index]:
    """The vertices ``(vertex, xyz)`` and faces ``(face, corner)`` of a file, see `read_mesh`."""
    return read_mesh(path)[:2]


def read_mesh(path: str | Path) -> Loaded:
    """The triangles of a ``.ply``, ``.obj``, ``.stl`` or ``.off`` file.

    Vertices keep their order and are never joined, but in an ``.stl`` file, which repeats each
    vertex in each of its faces. Polygons are cut into triangles inside their outline.

    Args:
        path: the file; its suffix names the format.

    Raises:
        UserError: there is no such file, its format is not one of the four, it cannot be read, or
            it holds no triangle.
    """
    path = at_home(path)
    suffix = path.suffix.lower()
    if not path.is_file():
        raise UserError(f"domain.file: no mesh file at {printable(path.absolute())}")
    if suffix not in READERS:
        formats = ", ".join(READERS)
        raise UserError(f"domain.file: expected one of {formats}, got {printable(path.name)}")
    try:
        polygons = READERS[suffix](path)
        with np.errstate(all="ignore"):  # what is not finite is refused by its index
            faces = polygons.triangles()
    except (ValueError, OverflowError, OSError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"domain.file: {printable(path)} could not be read: {reason}") from error
    if len(faces) == 0:
        raise UserError(
            f"domain.file: expected triangles in {printable(path)}, "
            f"got {len(polygons.vertices)} vertices and no face"
        )
    said = tuple(polygons.said)
    if suffix != ".stl":
        return Loaded(polygons.vertices, faces, np.arange(len(polygons.vertices)), said)
    kept, faces = np.unique(same_place(polygons.vertices)[faces], return_inverse=True)
    joined = f"{faces.size} corners at equal places joined into {len(kept)} vertices"
    return Loaded(polygons.vertices[kept], faces.reshape(-1, 3), kept, (*said, joined))


def triangles_of(shape: Any, name: str) -> Loaded:
    """The triangles of a `trimesh.Trimesh`, or of all meshes of a `trimesh.Scene`, in its places.

    Args:
        shape: the mesh or scene.
        name: what to call it in messages.

    Raises:
        UserError: it is another object, or a scene without meshes.
    """
    import trimesh  # slow to import, and files are read without it

    if isinstance(shape, trimesh.Trimesh):
        every = np.arange(len(shape.vertices))
        return Loaded(np.asarray(shape.vertices), np.asarray(shape.faces), every, ())
    if not isinstance(shape, trimesh.Scene):
        kind = type(shape).__name__
        raise UserError(f"{name}: expected a trimesh.Trimesh or a Scene of such, got a {kind}")
    parts = [shape.graph[node] for node in shape.graph.nodes_geometry]
    meshes = [(where, shape.geometry[key]) for where, key in parts]
    meshes = [(where, mesh) for where, mesh in meshes if isinstance(mesh, trimesh.Trimesh)]
    if not meshes:
        kinds = sorted({type(part).__name__ for part in shape.geometry.values()})
        there = ", ".join(kinds) or "nothing"
        raise UserError(f"{name}: expected a scene with a trimesh.Trimesh, got one of {there}")
    vertices: list[Array] = []
    faces: list[Index] = []
    count = 0
    for where, mesh in meshes:
        mirrored = np.linalg.det(where[:3, :3]) < 0
        vertices.append(np.asarray(mesh.vertices) @ where[:3, :3].T + where[:3, 3])
        faces.append(count + np.asarray(mesh.faces)[:, :: -1 if mirrored else 1])
        count += len(mesh.vertices)
    said = (f"{len(meshes)} meshes of a scene put side by side",) if len(meshes) > 1 else ()
    return Loaded(np.concatenate(vertices), np.concatenate(faces), np.arange(count), said)


def printable(path: str | Path) -> str:
    """A file's name for messages and titles: one line that any terminal and file can hold."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
