"""The header of a .ply file: which tables there are, with which columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gaugecnn.geometry.readers import index

TYPES = {
    **{"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4"},
    **{"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4"},
    **{"int64": "i8", "uint64": "u8", "long": "i8", "ulong": "u8"},
    **{"float": "f4", "double": "f8", "float32": "f4", "float64": "f8"},
}


@dataclass
class Property:
    """A column: a number, or as many as the row says first."""

    name: str
    type: str
    count_type: str | None = None


@dataclass
class Element:
    """A table of the file."""

    name: str
    rows: int
    properties: list[Property] = field(default_factory=list)

    def column(self, *names: str) -> int | None:
        """The place of the first of these properties."""
        found = [i for i, p in enumerate(self.properties) if p.name in names]
        return found[0] if found else None


def read_header(text: str) -> tuple[str, list[Element], int]:
    """The format, the elements, and how many lines there are."""
    kind, elements = "", list[Element]()
    rows = re.split(r"\r\n|\n|\r", text)
    for number, row in enumerate(rows, 1):
        match row.split():
            case ["format", kind, *_]:
                pass
            case ["element", name, count, *_]:
                elements.append(Element(name, max(0, index(number, count))))
            case ["property", "list", counts, type_, *name] if elements:
                column = Property(" ".join(name), _type(number, type_), _type(number, counts))
                elements[-1].properties.append(column)
            case ["property", type_, *name] if elements:
                elements[-1].properties.append(Property(" ".join(name), _type(number, type_)))
            case ["ply" | "comment" | "obj_info", *_] | []:
                pass
            case _:
                raise ValueError(f"line {number}: {row!r} belongs to no ply header")
    if kind not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise ValueError(f"expected the format ascii or binary, got {kind!r}")
    return kind, elements, len(rows)


def _type(number: int, name: str) -> str:
    if name not in TYPES:
        raise ValueError(f"line {number}: expected one of {', '.join(TYPES)}, got {name!r}")
    return TYPES[name]
