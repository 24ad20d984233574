"""Networks in outline: all their parameters, and none of the constants that geometry gives them.

Stencils, maps between levels and tables of Wigner's d take nearly all the time in which a network
is built, and say nothing of how many parameters it has. Layers that have such constants ask
`outlined` before they make them. A network in outline can be counted and printed, it cannot be run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_outlined = ContextVar("outlined", default=False)


@contextmanager
def outline() -> Iterator[None]:
    """Layers that are made meanwhile are made in outline."""
    before = _outlined.set(True)
    try:
        yield
    finally:
        _outlined.reset(before)


def outlined() -> bool:
    """Whether a layer that is made now does without the constants of its geometry."""
    return _outlined.get()
