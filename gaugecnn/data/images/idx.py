"""The idx files of MNIST and FashionMNIST: verified, unpacked, and read with clear errors."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gaugecnn.errors import UserError

UNSIGNED_BYTE = 0x08
"""The third byte of an idx file's magic number, for entries of type uint8."""


class Checksum(StrEnum):
    """What a published checksum was taken of, and how."""

    sha256_of_content = "SHA-256 of the decompressed bytes"
    md5_of_file = "MD5 of the file"

    def of(self, packed: bytes, content: bytes | None) -> str:
        """The checksum of a gzip file; its content is None where it cannot be decompressed."""
        if self is Checksum.md5_of_file:
            return hashlib.md5(packed, usedforsecurity=False).hexdigest()
        return "none" if content is None else hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class IdxFile:
    """One published file.

    Args:
        name: its name, ending in ``.gz``.
        axes: how many axes its array has.
        checksum: the kind of its published checksum.
        digest: the checksum, hexadecimal.
    """

    name: str
    axes: int
    checksum: Checksum
    digest: str

    def unpack(self, packed: bytes, where: str) -> NDArray[np.uint8]:
        """The array in the bytes of a file that came from `where`.

        Raises:
            UserError: the file is not the published one, or not a whole idx file.
        """
        damage = ""
        content: bytes | None = None
        try:
            content = gzip.decompress(packed)
        except (EOFError, OSError, zlib.error) as error:
            damage = f" (truncated or damaged gzip file of {len(packed)} bytes: {error})"
        digest = self.checksum.of(packed, content)
        if content is None or digest != self.digest:
            raise UserError(
                f"{where}: expected {self.checksum} {self.digest}, got {digest}{damage}"
            )
        return parse_idx(content, self.axes, where)


def parse_idx(content: bytes, axes: int, name: str) -> NDArray[np.uint8]:
    """The array of unsigned bytes in an idx file's `content`.

    Magic number 0, 0, type, number of axes; the length of each axis, 4 bytes big-endian; entries.

    Args:
        content: the decompressed file.
        axes: how many axes the array should have.
        name: what to call the file in errors.

    Raises:
        UserError: the magic number or the length is another.
    """
    magic = bytes([0, 0, UNSIGNED_BYTE, axes])
    header = 4 + 4 * axes
    if content[:4] != magic:
        raise UserError(
            f"{name}: expected the magic number 0x{magic.hex()} of an idx file with {axes} axes of "
            f"bytes, got 0x{content[:4].hex()}"
        )
    if len(content) < header:
        raise UserError(f"{name}: expected a header of {header} bytes, got {len(content)}")
    shape = [int(n) for n in np.frombuffer(content, ">u4", axes, offset=4)]
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise UserError(
            f"{name}: expected {expected} bytes for an array of shape {tuple(shape)}, "
            f"got {len(content)}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
