"""Picture files, made for a test."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def saved(picture: Image.Image | np.ndarray, path: Path, **options: object) -> Path:
    made = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    made.save(path, **options)
    return path


def png_header(width: int, height: int) -> bytes:
    """A PNG of such a size, and nothing more."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0"))


def tiff_of_12_bits() -> bytes:
    """Two white pixels."""
    entries = {256: 2, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 3}
    pixels = b"\xff\xff\xff\x00"
    table = b"".join(struct.pack("<HHIHH", tag, 3, 1, n, 0) for tag, n in entries.items())
    start = struct.pack("<2sHI", b"II", 42, 8 + len(pixels))
    return start + pixels + struct.pack("<H", len(entries)) + table + bytes(4)
