"""Files that are never half-written: a temporary name first, then a rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


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
