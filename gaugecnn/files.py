"""Files that are never half-written: a temporary name first, then a rename."""

from __future__ import annotations

import glob
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from gaugecnn.errors import UserError

FORGOTTEN = 3600.0
"""Seconds without a byte, after which a temporary file is one that a killed process left behind."""


def at_home(path: str | Path) -> Path:
    """A path in which ``~`` and ``~name`` stand for home folders.

    Shells see to that where a word begins with them, and few do in ``output=~/runs``.
    """
    return Path(os.path.expanduser(path))


def check_writable(path: Path, name: str, folder: bool = False) -> None:
    """Refuse, before there is work to lose, a place where it cannot be written; makes nothing.

    Args:
        path: the file or folder that will be written; folders above it may be missing.
        name: what the user calls it, such as ``--output`` or ``results``.
        folder: whether a folder is meant.

    Raises:
        UserError: it is of the other kind, or the folder that holds it takes no files.
    """
    if path.exists() and path.is_dir() != folder:
        kinds = ("a folder", "a file") if folder else ("a file", "a folder")
        raise UserError(f"{name}: expected {kinds[0]}, got {kinds[1]}: {path}")
    at = path if folder else path.parent
    there = next(above for above in (at, *at.absolute().parents) if above.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise UserError(f"{name}={path} cannot be written: {there}: {error.strerror}") from error


def write_atomically(path: Path, write: Callable[[IO[str]], object]) -> None:
    """Write a text file so that a reader sees the old one or the new one, whole."""
    with _replacing(path) as temporary, temporary.open("w", newline="") as file:
        write(file)


def write_bytes_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a binary file so that a reader sees the old one or the new one, whole."""
    with _replacing(path) as temporary, temporary.open("wb") as file:
        write(file)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` that takes its place when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _forget_temporaries(path)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes it private
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _forget_temporaries(path: Path) -> None:
    """Remove what processes left behind that were killed while they wrote this file."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        with suppress(OSError):  # another process was quicker
            if time.time() - left.stat().st_mtime > FORGOTTEN:
                left.unlink()
