"""Readers of .obj, .off and .stl, line by line: what is wrong is refused with its line.

Why not those of trimesh or meshio: both cut polygons into fans, or leave them, without looking.
trimesh's .obj reader cuts a mesh open where material or texture change and joins comments to the
next line, its .off reader passes over incomplete faces, its .stl reader over an unfinished solid.
meshio refuses .off files with colours or comments, .obj files with long lines, .stl in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gaugecnn.geometry.arrays import Array
from gaugecnn.geometry.polygons import Polygons

Row = tuple[int, list[str]]


def lines(data: bytes, comment: str = "#") -> Iterator[tuple[int, str, bool]]:
    """The number of each line, its text without what follows `comment`, and if anything did."""
    text = data.decode("utf-8-sig", errors="replace")  # bytes that are no text occur in comments
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        kept, found, _ = line.partition(comment)
        yield number, kept, bool(found)


def read_obj(path: Path) -> Polygons:
    """The vertices and faces of a Wavefront file, whatever object or material they belong to."""
    vertices: list[list[float]] = []
    faces: list[list[int]] = []
    pending = ""
    for number, text, commented in lines(path.read_bytes()):
        line = pending + text
        # A comment ends with its line, so that a backslash in it continues nothing.
        pending = line.rstrip()[:-1] + " " if line.rstrip().endswith("\\") and not commented else ""
        match [] if pending else line.split():
            case ["v", *row]:
                vertices.append(position(number, row))
            case ["f", *row]:
                indices = [index(number, corner.split("/")[0]) for corner in row]
                # Counted from 1; a negative one backwards from the latest vertex.
                polygon = [i - 1 if i >= 0 else len(vertices) + i for i in indices]
                faces.append(at_least_three(number, polygon))
    if pending:
        raise ValueError("the last line goes on in a line that is not there")
    return Polygons.of(vertices, faces)


OFF_HEADER = (
    rb"(?:\xef\xbb\xbf)?\s*(?:#[^\r\n]*\s*)*"  # a byte-order mark, comments
    rb"(?i:(?:ST)?C?N?)(4)?(n)?(?i:OFF)( BINARY)?"
)


def read_off(path: Path) -> Polygons:
    """The vertices and faces of a Geomview file; normals, colours and edges are passed over."""
    data = path.read_bytes()
    header = re.match(OFF_HEADER, data)
    if header is None:
        raise ValueError("expected the header OFF")
    if any(header.groups()):
        raise ValueError(f"expected an OFF file of text and 3 coordinates, got {header[0]!r}")
    blank = re.sub(rb"[^\r\n]", b" ", data[: header.end()])  # for the numbers of the lines
    rows = [(n, text.split()) for n, text, _ in lines(blank + data[header.end() :]) if text.split()]
    if not rows:
        raise ValueError("expected the numbers of vertices and faces, got the end of the file")
    number, counts = rows.pop(0)
    vertex_count, face_count, *_ = (index(number, word) for word in [*counts, "-1"][:3])
    if vertex_count < 0 or face_count < 0:
        raise ValueError(f"line {number}: expected the numbers of vertices and faces, got {counts}")
    if len(rows) < vertex_count + face_count:
        raise ValueError(
            f"expected {vertex_count} vertices and {face_count} faces, got {len(rows)} rows"
        )
    end = vertex_count + face_count
    faces = [counted(number, row) for number, row in rows[vertex_count:end]]
    found = Polygons.of([position(*row) for row in rows[:vertex_count]], faces)
    found.said = unread(len(rows) - end, "rows")
    return found


def read_stl(path: Path) -> Polygons:
    """The corners of all triangles, three vertices for each."""
    data = path.read_bytes()
    count = int.from_bytes(data[80:84], "little")
    excess = len(data) - 84 - 50 * count
    text = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_text = text.startswith(b"solid") and b"\0" not in data.rstrip(b"\0")
    if len(data) < 84 or (is_text and excess != 0):
        corners, said = _stl_text(data)
    elif excess >= 0:
        records = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
        corners = np.frombuffer(data, records, count, 84)["corners"].astype(float).reshape(-1, 3)
        said = unread(len(data[84 + 50 * count :].rstrip(b"\0 \r\n")), "bytes")
    else:
        raise ValueError(
            f"expected {count} triangles, got the end of the file {-excess} bytes early"
        )
    sizes = np.full(len(corners) // 3, 3)
    return Polygons(corners, np.arange(len(corners)), sizes, said)


STL_PARTS = ("solid", "facet", "outer", "vertex")
"""Each stands inside the one before; all but the last have an end."""
STL_ENDS = {"endsolid": "solid", "endfacet": "facet", "endloop": "outer"}


def _stl_text(data: bytes) -> tuple[Array, list[str]]:
    """The corners of an .stl file of text, and what lies beyond its solids."""
    corners: list[list[float]] = []
    inside: list[str] = []
    first = beyond = number = 0
    for number, text, _ in lines(data, "\0"):
        words = text.lower().split()
        word = "".join(words[:2] if words[:1] == ["end"] else words[:1])
        if word in STL_PARTS and STL_PARTS.index(word) == len(inside):
            if word == "vertex":
                corners.append(position(number, words[1:]))
            else:
                inside.append(word)
                first = len(corners) if word == "facet" else first
        elif inside and STL_ENDS.get(word) == inside[-1]:
            inside.pop()
            if word != "endsolid" and len(corners) - first != 3:
                raise ValueError(f"line {number}: expected 3 vertices in a triangle")
        elif word and (len(inside) > 1 or word in (*STL_PARTS, *STL_ENDS)):
            raise ValueError(f"line {number}: {text.strip()!r} stands where it cannot")
        elif word and not inside:
            beyond += 1
    if inside:
        end = inside[-1].replace("outer", "loop")
        raise ValueError(f"line {number}: the file ends inside a {end}")
    return np.array(corners, np.float64).reshape(-1, 3), unread(beyond, "lines")


def position(number: int, row: list[str]) -> list[float]:
    """The three coordinates that a row begins with."""
    try:
        x, y, z = map(float, row[:3])
    except ValueError as error:
        raise ValueError(f"line {number}: expected 3 coordinates, got {' '.join(row)!r}") from error
    return [x, y, z]


def index(number: int, word: str) -> int:
    """An integer; some writers give it as 3.0."""
    try:
        found = float(word) if "." in word else int(word)
    except ValueError as error:
        raise ValueError(f"line {number}: expected an integer, got {word!r}") from error
    if found != int(found):
        raise ValueError(f"line {number}: expected an integer, got {word!r}")
    return int(found)


def counted(number: int, row: list[str]) -> list[int]:
    """The corners of a face that begins with their number."""
    count = index(number, row[0]) if row else 0
    if len(row) <= count:
        raise ValueError(f"line {number}: expected {count} vertices in the face {' '.join(row)!r}")
    return at_least_three(number, [index(number, word) for word in row[1 : count + 1]])


def at_least_three(number: int, polygon: list[int]) -> list[int]:
    """A polygon that is one."""
    if len(polygon) < 3:
        raise ValueError(f"line {number}: expected at least 3 vertices in a face, got {polygon}")
    return polygon


def unread(count: int, kind: str) -> list[str]:
    """What to say of that which lies beyond the last face."""
    return [f"{count} {kind} after the last face left unread"] * (count > 0)
