"""One process at a time writes to a run directory.

The lock is the system's own, on the file ``.lock`` in the directory: it ends with the process that
holds it, however that ends, so that nobody has to clean up after a crash. The processes of one
distributed run share it, because only the first of them takes it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_only

from gaugecnn.errors import UserError
from gaugecnn.records.file_lock import taken

LOCK_FILE = ".lock"


def is_main_process() -> bool:
    """Whether this is the process that writes, the first one of a distributed run."""
    return getattr(rank_zero_only, "rank", 0) in (0, None)


@contextmanager
def locked(output: Path, wait: float = 0.0, name: str = LOCK_FILE) -> Iterator[None]:
    """Hold a run directory, which is made if there is none; it goes again if it stays empty.

    Args:
        output: the directory.
        wait: seconds to wait for another process that holds it.
        name: of the lock; one who holds one of them may take another.

    Raises:
        HeldError: another process holds it.
        UserError: it cannot be written.

    Warns:
        GaugecnnWarning: its file system has no locks.
    """
    if not is_main_process():
        yield
        return
    made = not output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
        file = taken(output / name, time.monotonic() + wait)
    except OSError as error:
        raise UserError(f"output={output} cannot be written: {error}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps the names of open files
            (output / name).unlink()
        os.close(file)
        if made:
            with suppress(OSError):  # not empty
                output.rmdir()
