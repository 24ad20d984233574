"""One process at a time writes to a run directory.

The lock is the system's own, on the file ``.lock`` in the directory: it ends with the process that
holds it, however that ends, so that nobody has to clean up after a crash. The processes of one
distributed run share it, because only the first of them takes it.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_only

from gaugecnn.errors import GaugecnnWarning, UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE = ".lock"
BEHIND = 1000
"""The byte that is locked on Windows, which lets nobody read what is: not who holds the lock."""
PAUSE = 0.1
"""Seconds between two tries of one who waits."""


def is_main_process() -> bool:
    """Whether this is the process that writes, the first one of a distributed run."""
    return getattr(rank_zero_only, "rank", 0) in (0, None)


@contextmanager
def locked(output: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold a run directory, which is made if there is none; it goes again if it stays empty.

    Args:
        output: the directory.
        wait: seconds to wait for another process that holds it.

    Raises:
        UserError: another process holds it, or it cannot be written.

    Warns:
        GaugecnnWarning: its file system has no locks.
    """
    if not is_main_process():
        yield
        return
    made = not output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
        file = _taken(output / LOCK_FILE, time.monotonic() + wait)
    except OSError as error:
        raise UserError(f"output={output} cannot be written: {error}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps the names of open files
            (output / LOCK_FILE).unlink()
        os.close(file)
        if made:
            with suppress(OSError):  # not empty
                output.rmdir()


def _taken(path: Path, until: float) -> int:
    """The open file, locked.

    Raises:
        UserError: somebody else had it all the time.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _lock(file):
            holder = os.read(file, 100).decode(errors="replace")
            os.close(file)
            if time.monotonic() >= until:
                raise UserError(
                    f"output={path.parent}: another process ({holder}) is writing there; wait for "
                    "its end, or give another output"
                )
            time.sleep(PAUSE)
        elif _is_there(file, path):
            os.truncate(file, 0)
            os.write(file, f"{os.getpid()} on {platform.node()}".encode())
            return file
        else:
            os.close(file)  # given back, and its name with it, before it was ours


def _lock(file: int) -> bool:
    """Lock an open file; False if somebody else holds it."""
    try:
        if sys.platform == "win32":
            os.lseek(file, BEHIND, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        warnings.warn(
            f"run directories cannot be locked here ({error.strerror}): see to it that no other "
            "process writes there",
            GaugecnnWarning,
            stacklevel=2,
        )
    finally:
        os.lseek(file, 0, os.SEEK_SET)
    return True


def _is_there(file: int, path: Path) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
