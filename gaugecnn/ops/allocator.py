"""Memory that a network gives back, kept for the next one to ask: on Linux's own allocator.

Features of tens of megabytes come and go with every layer. By default glibc takes such memory from
the system and returns it at once, and each page that is asked for again costs a fault: a forward
and backward pass of `s2cnn_150k` on 32 images had 23,000 of them, a third of its time.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # of malloc.h
KEPT = (1 << 31) - 1
STEP = 64 << 20


@cache
def keep_freed_memory() -> bool:
    """Let the process keep up to 2 GiB that it has freed; whether the allocator is one that can.

    All blocks come from the heap, whatever their size: a mapping of a block's own is returned when
    the block is freed, and glibc would map every block above 32 MiB. Nothing is done where the
    allocator is another one (macOS, Windows, musl, a preloaded one).
    """
    if not sys.platform.startswith("linux"):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    options = {M_TRIM_THRESHOLD: KEPT, M_MMAP_MAX: 0, M_TOP_PAD: STEP}
    return all([set_option(option, value) == 1 for option, value in options.items()])
