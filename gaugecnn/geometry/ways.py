"""Windows, arrivals and pencils: what is seen, what is reached, and where ways go on.

Each is a table, one array a column.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask


class Windows(NamedTuple):
    """What is seen of which side; in the frame of the side, from its start along it, face above.

    Attributes:
        base: the vertex from which it is seen, ``(window,)`` as all others.
        side: the side, seen from outside its face.
        x: place of the source in the frame of the side.
        y: negative.
        low: where the seen part begins.
        high: where it ends.
        before: length of the way from the base to the source, 0 where the base is the source.
        angle: of the frame in the unfolded plane of the base; behind a bend the direction at the
            base itself.
    """

    base: Index
    side: Index
    x: Array
    y: Array
    low: Array
    high: Array
    before: Array
    angle: Array

    def where(self, chosen: Mask | Index) -> Windows:
        """Some of the windows."""
        return Windows._make(values[chosen] for values in self)


class Arrivals(NamedTuple):
    """Ways to vertices, each straight but for bends.

    Attributes:
        base: where the way begins ``(arrival,)``.
        vertex: where it ends.
        distance: its length.
        ahead: its direction at the base, unfolded.
        back: the direction at its end towards the base, unfolded.
        bent: whether it bends at a vertex between.
    """

    base: Index
    vertex: Index
    distance: Array
    ahead: Array
    back: Array
    bent: Mask

    def where(self, chosen: Mask | Index) -> Arrivals:
        """Some of the arrivals."""
        return Arrivals._make(values[chosen] for values in self)


class Pencils(NamedTuple):
    """All directions between two at a vertex, in which ways begin or go on.

    Attributes:
        base: where the ways began ``(pencil,)``.
        vertex: where they go on.
        low: the first direction, unfolded.
        high: the last direction.
        before: length of the way so far.
        ahead: its direction at the base.
        bent: whether there is a way so far.
    """

    base: Index
    vertex: Index
    low: Array
    high: Array
    before: Array
    ahead: Array
    bent: Mask


Rows = TypeVar("Rows", Windows, Arrivals)


def joined(kind: type[Rows], parts: list[Rows]) -> Rows:
    """Windows or arrivals one after the other."""
    return kind._make(np.concatenate(values) for values in zip(*parts, strict=True))
