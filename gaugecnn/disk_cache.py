"""Tables of floating-point numbers on disk: built once per machine, read back in a moment.

They lie in ``$GAUGECNN_CACHE/KIND``, and in gaugecnn's folder among the user's caches where the
variable is not set (``~/.cache/gaugecnn/KIND`` on Linux); the kind of ours is ``wigner``. A cache
and nothing else: any file, or the whole folder, may be deleted at any time, while programs run too.
Nothing is ever removed from it; a new `FORMAT` leaves the files of the old one behind.

A file is a line ``gaugecnn table FORMAT CHECKSUM``, a line of JSON with the key, the shape and
the precision, and the numbers in little-endian order. The checksum is that of all that follows its
line.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import platformdirs
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaugecnn.errors import GaugecnnWarning
from gaugecnn.files import at_home, write_bytes_atomically

FORMAT = 2
"""Version of the files and of what the tables hold: raise it when either changes."""

PRECISIONS = {"float32": "<f4", "float64": "<f8"}

VARIABLE = "GAUGECNN_CACHE"
"""The environment variable that names another folder for the cache."""

_warned_of_writing = False


class _DamagedError(Exception):
    """What is wrong with a file of the cache."""


def cached_table(key: str, build: Callable[[], Tensor], kind: str = "wigner") -> Tensor:
    """The table that `build` gives, from disk where it has been built before.

    Any number of processes may ask for one table at once: each gets it, and the file is whole. A
    file that is damaged or holds another table is replaced with a warning; where nothing can be
    written the table is given all the same, with one warning per process.

    Args:
        key: all that the table depends on, in words that a person can read.
        build: makes the table, float32 or float64 on the CPU, of any shape.
        kind: the name of the folder.

    Returns:
        the table, contiguous.

    Raises:
        ValueError: `build` gave another tensor.
    """
    path, damage = cache_file(key, kind), None
    try:
        return _read(path, key)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (_DamagedError, OSError) as error:
        damage = f"the cached table {path} was of no use and has been built anew: {error}"
    table = _checked(build(), key)
    try:
        write_bytes_atomically(path, lambda file: _write(file, key, table))
    except OSError as error:
        _warn_of_writing(path, error)
    if damage is not None:  # said once it is repaired, for those to whom warnings are errors
        _warn(damage)
    return table


def cache_folder(kind: str = "wigner") -> Path:
    """The folder of a kind: in ``$GAUGECNN_CACHE`` if it is set, or with the user's caches."""
    chosen = os.environ.get(VARIABLE)
    folder = at_home(chosen) if chosen else Path(platformdirs.user_cache_dir("gaugecnn"))
    return folder / kind


def cache_file(key: str, kind: str = "wigner") -> Path:
    """Where the table of a key lies: the name is a digest of the format and the key."""
    digest = hashlib.sha256(f"{FORMAT}\n{key}".encode()).hexdigest()
    return cache_folder(kind) / f"{digest}.table"


def _checked(table: Tensor, key: str) -> Tensor:
    """A table that can be kept, contiguous."""
    if _precision(table) not in PRECISIONS or table.device.type != "cpu":
        raise ValueError(
            f"expected a float32 or float64 table on the CPU for {key!r}, "
            f"got {table.dtype} on {table.device}"
        )
    return table.detach().contiguous()


def _precision(table: Tensor) -> str:
    return str(table.dtype).removeprefix("torch.")


def _write(file: IO[bytes], key: str, table: Tensor) -> None:
    stated = {"key": key, "shape": list(table.shape), "precision": _precision(table)}
    label = json.dumps(stated).encode() + b"\n"
    values = table.numpy().astype(PRECISIONS[_precision(table)], copy=False)
    file.write(_first_line(_checksum(label, values)))
    file.write(label)
    file.write(values.data)


def _read(path: Path, key: str) -> Tensor:
    """The table of a file.

    Raises:
        _DamagedError: it is not whole, or it is another one.
    """
    with path.open("rb") as file:
        first, label = file.readline(), file.readline()
        checksum = _stated_checksum(first)
        shape, dtype = _stated_shape(label, key)
        expected = len(first) + len(label) + dtype.itemsize * math.prod(shape)
        size = os.fstat(file.fileno()).st_size
        if size != expected:
            raise _DamagedError(f"expected {expected} bytes, got {size}")
        values = np.fromfile(file, dtype, math.prod(shape))
    if _checksum(label, values) != checksum:
        raise _DamagedError("its checksum is wrong")
    return torch.from_numpy(values.astype(dtype.newbyteorder("="), copy=False)).view(shape)


def _first_line(checksum: int) -> bytes:
    return b"gaugecnn table %d %08x\n" % (FORMAT, checksum)


def _stated_checksum(first: bytes) -> int:
    match = re.fullmatch(rb"gaugecnn table (\d+) ([0-9a-f]{8})\n", first)
    if match is None or int(match[1]) != FORMAT:
        raise _DamagedError(f"it does not begin as a table of format {FORMAT}")
    return int(match[2], 16)


def _stated_shape(label: bytes, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        stated = json.loads(label)
        stated_key, shape = stated["key"], tuple(map(int, stated["shape"]))
        dtype = np.dtype(PRECISIONS[stated["precision"]])
    except (ValueError, KeyError, TypeError) as error:
        raise _DamagedError("its second line is no key, shape and precision") from error
    if stated_key != key:
        raise _DamagedError(f"expected the table of {key!r}, got that of {stated_key!r}")
    return shape, dtype


def _checksum(label: bytes, values: NDArray[Any]) -> int:
    return zlib.crc32(values.data, zlib.crc32(label))


def _warn_of_writing(path: Path, error: OSError) -> None:
    """Say that tables are not kept, the first time."""
    global _warned_of_writing
    if _warned_of_writing:
        return
    _warned_of_writing = True
    _warn(
        f"the table {path} cannot be written and is built anew in each process: {error}. "
        f"Set {VARIABLE} to a folder that can be written to"
    )


def _warn(message: str) -> None:
    warnings.warn(message, GaugecnnWarning, stacklevel=3)
