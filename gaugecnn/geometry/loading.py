"""Mesh files: their triangles as arrays, every vertex as the file has it.

trimesh's parsers read .ply and .stl. Its .obj parser cuts a mesh open where material or texture
change, and both its .obj and its .off parser pass over incomplete faces, so we read those two.
"""

from __future__ import annotations

import re
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from trimesh.exchange.ply import load_ply
from trimesh.exchange.stl import load_stl
from trimesh.geometry import triangulate_quads

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.arrays import Array, Index


def load_mesh(path: str | Path) -> tuple[Array, Index]:
    """The triangles of a ``.ply``, ``.obj``, ``.stl`` or ``.off`` file.

    Vertices keep their order and are never merged, but in an ``.stl`` file, which repeats each
    vertex in each of its faces. Polygons are cut into fans of triangles.

    Args:
        path: the file; its suffix names the format.

    Returns:
        Vertices ``(vertex, xyz)`` and faces ``(face, corner)``, not validated.

    Raises:
        UserError: there is no such file, its format is not one of the four, it cannot be read, or
            it holds no triangle.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"domain.file: no mesh file at {path.absolute()}")
    if path.suffix.lower() not in READERS:
        raise UserError(f"domain.file: expected one of {', '.join(READERS)}, got {path.name}")
    try:
        with np.errstate(over="raise", invalid="raise"):
            vertices, faces = READERS[path.suffix.lower()](path)
    except Exception as error:  # the parsers raise whatever they meet
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"domain.file: {path} could not be read: {reason}") from error
    if len(faces) == 0:
        raise UserError(
            f"domain.file: expected triangles in {path}, got {len(vertices)} vertices and no face"
        )
    if path.suffix.lower() == ".stl":
        message = (
            f"{path.name}: an .stl file does not say which faces meet: "
            f"{faces.size} corners at equal places merged into {len(vertices)} vertices"
        )
        warnings.warn(message, GaugecnnWarning, stacklevel=2)
    return vertices, faces


def _read_ply(path: Path) -> tuple[Array, Index]:
    with path.open("rb") as file:
        parsed = load_ply(file, fix_texture=False, skip_materials=True)
    for name, element in parsed["metadata"]["_ply_raw"].items():
        rows = _row_count(element.get("data", ()))
        if rows != element["length"]:  # trimesh takes an ASCII file that ends early
            raise ValueError(f"expected {element['length']} rows of {name}, got {rows}")
    vertices = np.asarray(parsed.get("vertices", ()), np.float64).reshape(-1, 3)
    faces = triangulate_quads(parsed.get("faces", ()))
    return vertices, faces.reshape(-1, 3)


def _row_count(data: Any) -> int:
    return len(next(iter(data.values()))) if isinstance(data, dict) else len(data)


def _read_stl(path: Path) -> tuple[Array, Index]:
    with path.open("rb") as file:
        parsed = load_stl(file)
    solids = list(parsed["geometry"].values()) if "geometry" in parsed else [parsed]
    corners = np.concatenate([np.empty((0, 3)), *(solid["vertices"] for solid in solids)])
    unique, first, inverse = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)  # as they first appear in the file
    faces = np.argsort(order)[inverse.reshape(-1, 3)]
    return unique[order], faces


def _read_off(path: Path) -> tuple[Array, Index]:
    text = re.sub("#.*", "", path.read_text("utf-8", errors="replace"))
    header = re.match(r"\s*C?N?OFF", text)
    if header is None:
        raise ValueError("expected the header OFF")
    counts, *rows = [line.split() for line in text[header.end() :].splitlines() if line.strip()]
    vertex_count, face_count = int(counts[0]), int(counts[1])
    if len(rows) < vertex_count + face_count:
        raise ValueError(
            f"expected {vertex_count} vertices and {face_count} faces, got {len(rows)} rows"
        )
    vertices = [_position(row) for row in rows[:vertex_count]]
    polygons = [_counted(row) for row in rows[vertex_count : vertex_count + face_count]]
    return _points(vertices), _triangles(polygons)


def _counted(row: list[str]) -> list[int]:
    count, *rest = (int(word) for word in row[: int(row[0]) + 1])
    if len(rest) < count:
        raise ValueError(f"expected {count} vertices in the face {' '.join(row)!r}")
    return rest


def _read_obj(path: Path) -> tuple[Array, Index]:
    vertices: list[list[float]] = []
    polygons: list[list[int]] = []
    text = path.read_text("utf-8", errors="replace").replace("\\\n", " ")
    for line in text.splitlines():
        match line.split("#")[0].split():
            case ["v", *row]:
                vertices.append(_position(row))
            case ["f", *row]:
                indices = [int(corner.split("/")[0]) for corner in row]
                # Counted from 1; a negative one backwards from the latest vertex.
                polygons.append([i - 1 if i >= 0 else len(vertices) + i for i in indices])
    return _points(vertices), _triangles(polygons)


def _position(row: list[str]) -> list[float]:
    x, y, z = row[:3]
    return [float(x), float(y), float(z)]


def _points(positions: list[list[float]]) -> Array:
    return np.array(positions, np.float64).reshape(-1, 3)


def _triangles(polygons: list[list[int]]) -> Index:
    """Each polygon as a fan about its first corner ``(face, corner)``."""
    fans = []
    for polygon in polygons:
        if len(polygon) < 3:
            raise ValueError(f"expected at least 3 vertices in a face, got {polygon}")
        fans += [[polygon[0], b, c] for b, c in pairwise(polygon[1:])]
    return np.array(fans, np.int64).reshape(-1, 3)


READERS = {".ply": _read_ply, ".obj": _read_obj, ".stl": _read_stl, ".off": _read_off}
