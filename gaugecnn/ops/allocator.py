"""Memory that a network gives back, kept for the next one to ask: on Linux's own allocator.

Features of tens of megabytes come and go with every layer. By default glibc returns such memory to
the system at once, and each page that is asked for again costs a fault: a forward and backward pass
of `s2cnn_150k` on 32 images had 23,000 of them, a third of its time. Kept, it has 1,800.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # of malloc.h
KEPT = (1 << 31) - 1
LARGEST = 32 << 20
"""Blocks up to 32 MiB are kept; glibc accepts no larger value."""
STEP = 64 << 20


@cache
def keep_freed_memory() -> bool:
    """Let the process keep up to 2 GiB that it has freed; whether the allocator is one that can.

    Nothing is done where the allocator is another one (macOS, Windows, musl, a preloaded one).
    """
    if not sys.platform.startswith("linux"):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    options = {M_TRIM_THRESHOLD: KEPT, M_MMAP_THRESHOLD: LARGEST, M_TOP_PAD: STEP}
    return all([set_option(option, value) == 1 for option, value in options.items()])
