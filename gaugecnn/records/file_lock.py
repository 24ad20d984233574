"""The system's own lock on a file: it ends with the process that holds it, however that ends."""

from __future__ import annotations

import os
import platform
import sys
import time
import warnings
from pathlib import Path

from gaugecnn.errors import GaugecnnWarning, UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

BEHIND = 1000
"""The byte that is locked on Windows, which lets nobody read what is: not who holds the lock."""
PAUSE = 0.1
"""Seconds between two tries of one who waits."""


class HeldError(UserError):
    """Another process holds the lock."""


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of a file."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _lock(file)
    finally:
        os.close(file)


def taken(path: Path, until: float) -> int:
    """The open file, locked.

    Args:
        path: the file, which is made if there is none.
        until: when to give up waiting for another process, by `time.monotonic`.

    Raises:
        HeldError: somebody else had it all the time.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _lock(file):
            holder = os.read(file, 100).decode(errors="replace")
            os.close(file)
            if time.monotonic() >= until:
                raise HeldError(
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
