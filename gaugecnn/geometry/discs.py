"""Geodesic discs: logarithms and transports of all pairs of vertices within a radius."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import psutil
import scipy

from gaugecnn.errors import UserError
from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.progress import tracked
from gaugecnn.geometry.shortest import shortest_ways
from gaugecnn.geometry.windows import Unfolder

CHUNK = 50_000
"""Pairs that are looked for at once: some ten MB of windows."""

SHOWN = 1_000_000
"""Pairs from which on a bar says how far the work is: it takes seconds."""

BYTES = 150
"""Memory of a pair while discs are put together."""


@dataclass(frozen=True, eq=False)
class Discs:
    """Pairs of vertices with one shortest geodesic between them, each as seen from `base`.

    With p the base and q the vertex, in float64, sorted by base, then vertex.

    Attributes:
        base: p ``(pair,)``.
        vertex: q ``(pair,)``.
        distance: length of the geodesic, on a surface of area ``4 pi`` ``(pair,)``.
        angle: its direction in the frame of p, radians ``(pair,)``.
        transport: ``phi_pq``, which takes components at q to components at p ``(pair,)``.
        bent: whether it bends at a vertex on its way, which no straight line passes ``(pair,)``.
    """

    base: Index
    vertex: Index
    distance: Array
    angle: Array
    transport: Array
    bent: Mask

    def __len__(self) -> int:
        return len(self.base)

    def where(self, chosen: Mask | Index) -> Discs:
        """Some of the pairs."""
        return Discs(*(values[chosen] for values in self._columns()))

    def renamed(self, base: Index, vertex: Index) -> Discs:
        """The same pairs under other indices."""
        return replace(self, base=base, vertex=vertex)

    @classmethod
    def joined(cls, parts: Sequence[Discs]) -> Discs:
        """The pairs of all parts, sorted."""
        columns = zip(*(part._columns() for part in parts), strict=True)
        found = cls(*(np.concatenate(values) for values in columns))
        return found.where(np.lexsort((found.vertex, found.base)))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    def turned(self, angles: Array) -> Discs:
        """The same discs with every frame turned by its own angle ``(vertex,)``."""
        p, q = angles[self.base], angles[self.vertex]
        return replace(
            self, angle=wrapped(self.angle - p), transport=wrapped(self.transport - p + q)
        )


def wrapped(angle: Array) -> Array:
    """The angle between -pi and pi."""
    return np.remainder(angle + math.pi, 2 * math.pi) - math.pi


def discs_around(
    title: str, vertices: Array, unfolder: Unfolder, bases: Index, radius: float
) -> Discs:
    """The discs of some vertices; angles are from the zeros of the one ring.

    A vertex is left out where two shortest geodesics lead to it that leave or arrive more than 60
    degrees apart, their lengths the same to 1e-5: as on the far side of a handle. Of two that are
    equally long and nearer together, around a vertex between, the mean direction is taken.

    Args:
        title: what to call the mesh in messages.
        vertices: positions ``(vertex, xyz)``.
        unfolder: its faces.
        bases: the vertices around which discs lie, ascending.
        radius: of the discs, a length.

    Raises:
        UserError: so many pairs do not fit into memory.
    """
    tree = scipy.spatial.KDTree(vertices)
    within = tree.query_ball_point(vertices[bases], radius, return_length=True)
    total = int(within.sum())  # no fewer than there are: chords are shorter
    _check_memory(title, radius, total)
    parts = np.split(bases, np.flatnonzero(np.diff(np.cumsum(within) // CHUNK)) + 1)
    size = f"{total:,} pairs" if total < 1e6 else f"{total / 1e6:.0f} million pairs"
    label = f"discs of {radius:.3g} on {title}, at most {size}, {total * BYTES / 1e9:.1f} GB"
    seen = tracked(parts, label) if total > SHOWN else parts
    found = [shortest_ways(unfolder, part, radius, min(total, 2 * CHUNK)) for part in seen]
    base, vertex, distance, ahead, back, bent = (
        np.concatenate(values) for values in zip(*found, strict=True)
    )
    transport = wrapped(ahead - back - math.pi)
    return Discs(base, vertex, distance, wrapped(ahead), transport, bent)


def _check_memory(title: str, radius: float, pairs: int) -> None:
    available = psutil.virtual_memory().available
    if pairs * BYTES > available:
        raise UserError(
            f"{title}: discs of radius {radius:.3g} hold up to {pairs:,} pairs, which take "
            f"{pairs * BYTES / 1e9:.1f} GB, and {available / 1e9:.1f} GB are free: choose a "
            f"smaller radius or a coarser mesh"
        )
