"""Reader of .ply files, of text or binary, with faces of any and of mixed sizes.

Why not those of trimesh or meshio: trimesh refuses binary files whose faces differ in size and
takes a text that ends early for a smaller mesh; meshio refuses `vertex_index`, other elements
beside the faces and a byte-order mark, and takes a face of two corners for a line.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.ply_header import Element, read_header
from gaugecnn.geometry.polygons import Polygons
from gaugecnn.geometry.readers import counted, index, position, unread

STRUCT = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "f4": "f", "f8": "d"}
STRUCT |= {"i8": "q", "u8": "Q"}
INDICES = ("vertex_indices", "vertex_index")


def read_ply(path: Path) -> Polygons:
    """The vertices and faces of a Stanford file; other elements and properties are passed over."""
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not re.match(rb"ply\s", data):
        raise ValueError("not a ply file: its first line is not 'ply'")
    end = re.search(rb"(?:^|[\r\n])end_header[ \t]*(\r\n|\n|\r)?", data)
    if end is None:
        raise ValueError("the header has no end")
    # A binary body may begin with the byte of a line feed: lines end as the first one does.
    newline = re.search(rb"\r\n|\n|\r", data)
    start = end.end() if newline is None or newline[0] != b"\r" else end.start(1) + 1
    kind, elements, header_lines = read_header(data[: end.start()].decode("latin-1"))
    if kind == "ascii":
        reader: _Text | _Binary = _Text(data[start:], header_lines + 2)
    else:
        reader = _Binary(data, start, "<" if "little" in kind else ">")
    vertices, corners, sizes = np.empty((0, 3)), np.empty(0, np.int64), np.empty(0, np.int64)
    for element in elements:
        place = [element.column(axis) for axis in "xyz"]
        faces = element.column(*INDICES)
        if element.name == "vertex" and None not in place:
            vertices = reader.numbers(element, [p for p in place if p is not None])
        elif element.name == "face" and faces is not None:
            corners, sizes = reader.lists(element, faces)
        else:
            reader.skip(element)
    return Polygons(vertices, corners, sizes, reader.rest())


class _Text:
    """The tables of a file of text, a line for each row, with all digits of their numbers."""

    def __init__(self, data: bytes, first: int) -> None:
        rows = enumerate(re.split(r"\r\n|\n|\r", data.decode("latin-1")), first)
        self.rows = [(number, row.split()) for number, row in rows if row.strip("\0 \t")]
        self.at = 0

    def take(self, element: Element) -> list[tuple[int, list[str]]]:
        """The rows of an element."""
        found = self.rows[self.at : self.at + element.rows]
        if len(found) < element.rows:
            raise ValueError(f"expected {element.rows} rows of {element.name}, got {len(found)}")
        self.at += element.rows
        return found

    def numbers(self, element: Element, places: list[int]) -> Array:
        """Columns of numbers ``(row, column)``."""
        plain = all(column.count_type is None for column in element.properties)
        found = []
        for number, row in self.take(element):
            if plain and len(row) >= len(element.properties):
                words = [row[place] for place in places]
            else:
                words = [self._column(element, place, number, row)[0] for place in places]
            found.append(position(number, words))
        return np.array(found, np.float64).reshape(-1, len(places))

    def lists(self, element: Element, place: int) -> tuple[Index, Index]:
        """A column of lists: all their values ``(value,)`` and the length of each ``(row,)``."""
        values: list[int] = []
        sizes: list[int] = []
        for number, row in self.take(element):
            face = row
            if place > 0:
                corners = self._column(element, place, number, row)
                face = [str(len(corners)), *corners]
            polygon = counted(number, face)
            values += polygon
            sizes.append(len(polygon))
        return np.array(values, np.int64), np.array(sizes, np.int64)

    def skip(self, element: Element) -> None:
        """Pass over an element."""
        self.take(element)

    def rest(self) -> list[str]:
        """What to say of that which lies beyond the last element."""
        return unread(len(self.rows) - self.at, "rows")

    def _column(self, element: Element, place: int, number: int, row: list[str]) -> list[str]:
        at, found = 0, list[str]()
        for column in element.properties[: place + 1]:
            count = 1
            if column.count_type:
                count = index(number, row[at]) if at < len(row) else 1
                at += 1
            found = row[at : at + count]
            if len(found) < count:
                name = element.name
                raise ValueError(f"line {number}: the {name} {' '.join(row)!r} is incomplete")
            at += count
        return found


class _Binary:
    """The tables of a binary file."""

    def __init__(self, data: bytes, start: int, order: str) -> None:
        self.data = data
        self.at = start
        self.order = order

    def numbers(self, element: Element, places: list[int]) -> Array:
        """Columns of numbers ``(row, column)``."""
        table = self._table(element)
        columns = [np.asarray(table[f"{place}"], np.float64) for place in places]
        return np.stack(columns, axis=1)

    def lists(self, element: Element, place: int) -> tuple[Index, Index]:
        """A column of lists: all their values ``(value,)`` and the length of each ``(row,)``."""
        start = self.at
        table = self._table(element)
        values = table[f"{place}"]
        if isinstance(values, list):
            sizes = np.array([len(row) for row in values], np.int64)
            flat = np.array([value for row in values for value in row])
        else:
            sizes, flat = np.full(len(values), values.shape[-1]), values.reshape(-1)
        for row in np.flatnonzero(sizes < 3)[:1].tolist():
            raise ValueError(
                f"row {row} of {element.name}, from byte {start} on: "
                f"expected at least 3 vertices in a face, got {sizes[row]}"
            )
        return flat.astype(np.int64), sizes

    def skip(self, element: Element) -> None:
        """Pass over an element."""
        self._table(element)

    def rest(self) -> list[str]:
        """What to say of that which lies beyond the last element."""
        return unread(len(self.data[self.at :].rstrip(b"\0 \r\n")), "bytes")

    def _table(self, element: Element) -> dict[str, Any]:
        """The columns by their places: arrays, or lists of rows where their lengths differ."""
        counts = self._walk(element, 1)[1] if element.rows else []
        record = np.dtype(self._fields(element, counts))
        whole = self.at + record.itemsize * element.rows <= len(self.data)
        if whole:
            table = np.frombuffer(self.data, record, element.rows, self.at)
            lists = [i for i, column in enumerate(element.properties) if column.count_type]
            if all((table[f"count {i}"] == n).all() for i, n in zip(lists, counts, strict=False)):
                self.at += record.itemsize * element.rows
                return {name: table[name] for name in record.names or ()}
        if whole or any(column.count_type for column in element.properties):
            end, _, rows = self._walk(element, element.rows)
            self.at = end
            return {f"{i}": [row[i] for row in rows] for i in range(len(element.properties))}
        there = (len(self.data) - self.at) // max(1, record.itemsize)
        raise ValueError(f"expected {element.rows} rows of {element.name}, got {there}")

    def _fields(self, element: Element, counts: list[int]) -> list[tuple[Any, ...]]:
        """The fields of a row whose lists are of these lengths."""
        fields: list[tuple[Any, ...]] = []
        left = list(counts)
        for i, column in enumerate(element.properties):
            if column.count_type:
                fields.append((f"count {i}", self.order + column.count_type))
                fields.append((f"{i}", self.order + column.type, (left.pop(0) if left else 0,)))
            else:
                fields.append((f"{i}", self.order + column.type))
        return fields

    def _walk(self, element: Element, rows: int) -> tuple[int, list[int], list[list[Any]]]:
        """Row by row: where they end, the lengths of the last one's lists, and their values."""
        at, counts, found = self.at, list[int](), list[list[Any]]()
        try:
            for _ in range(rows):
                row, counts = [], []
                for column in element.properties:
                    count = 1
                    if column.count_type:
                        kind = self.order + STRUCT[column.count_type]
                        (count,) = struct.unpack_from(kind, self.data, at)
                        at += struct.calcsize(kind)
                        if count < 0:
                            raise ValueError(f"row {len(found)} of {element.name}: {count} values")
                        counts.append(count)
                    kind = f"{self.order}{count}{STRUCT[column.type]}"
                    values = struct.unpack_from(kind, self.data, at)
                    at += struct.calcsize(kind)
                    row.append(values if column.count_type else values[0])
                found.append(row)
        except struct.error as error:
            rows_there = f"expected {element.rows} rows of {element.name}, got {len(found)}"
            raise ValueError(rows_there) from error
        return at, counts, found
