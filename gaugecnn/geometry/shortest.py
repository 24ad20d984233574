"""Shortest ways from many vertices at once: rounds of windows, and which of them may be dropped.

A window is dropped when a way that is known to one of the vertices around it is shorter for all
that the window can reach (Xin & Wang 2009, section 3.2). What is known is kept in a table that
forgets, which costs time and never a result.
"""

from __future__ import annotations

import math

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.ways import Arrivals, Windows, joined
from gaugecnn.geometry.windows import Unfolder

MEET = 1e-5
"""Ways to one vertex whose lengths differ by less, over the length, count as equally long."""

APART = math.pi / 3
"""Angle between two equally long ways above which a vertex has no one direction."""

TIE = 6e-8
"""Over this difference of lengths, relative, the direction goes over from one way to another: a few
times what coordinates are rounded by that are millions of times as large as the mesh. Less for ways
that are less than a degree apart."""

SAME = 1e-6
"""Angle between two ways below which they are one that is seen through two windows."""

LARGEST_TABLE = 1 << 23


def shortest_ways(unfolder: Unfolder, bases: Index, radius: float, expected: int) -> Arrivals:
    """The shortest way from each base to every vertex within a radius, ``(arrival,)``.

    Where two equally long ways leave or arrive more than `APART` from each other, a vertex has
    none.

    Args:
        unfolder: the faces.
        bases: the vertices at which ways begin, each once.
        radius: how long they may be.
        expected: about how many there will be, for the size of the table.
    """
    count = unfolder.mesh.count
    reach = radius * (1 + 2 * MEET)
    slack = MEET * reach
    known = _Known(expected, count)
    windows, arrivals = unfolder.begin(unfolder.around(bases))
    found: list[Arrivals] = []
    while len(windows.base) or len(arrivals.base):
        seen, crossing = unfolder.seen(windows, reach)
        arrivals = joined(Arrivals, [arrivals.where(arrivals.distance <= reach), seen])
        known.learn(arrivals.base, arrivals.vertex, arrivals.distance)
        best = known.of(arrivals.base, arrivals.vertex)
        arrivals = arrivals.where(arrivals.distance <= best + slack)
        found.append(arrivals)
        behind, arrivals = unfolder.begin(unfolder.bends(_once(arrivals, count, slack)))
        windows = joined(Windows, [*unfolder.through(windows, crossing), behind])
        windows = _useful(windows, unfolder, known, reach, slack)
    return _resolved(joined(Arrivals, found), unfolder, radius)


class _Known:
    """Lengths of ways from bases to vertices, as far as they are not forgotten."""

    def __init__(self, expected: int, count: int) -> None:
        bits = min(4 * max(expected, 256), LARGEST_TABLE).bit_length()
        self._shift, self._count = np.uint64(64 - bits), np.uint64(count)
        self._key = np.full(1 << bits, -1, dtype=np.int64)
        self._length = np.full(1 << bits, math.inf)

    def _place(self, base: Index, vertex: Index) -> tuple[Index, Index]:
        key = base * np.int64(self._count) + vertex
        mixed = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return key, (mixed >> self._shift).astype(np.int64)

    def of(self, base: Index, vertex: Index) -> Array:
        """The shortest length that is remembered, infinite where there is none."""
        key, place = self._place(base, vertex)
        return np.where(self._key[place] == key, self._length[place], math.inf)

    def learn(self, base: Index, vertex: Index, length: Array) -> None:
        """Remember the shorter ones; of several in one place the shortest."""
        key, place = self._place(base, vertex)
        shorter = (self._key[place] != key) | (length < self._length[place])
        order = np.flatnonzero(shorter)[np.argsort(-length[shorter], kind="stable")]
        self._key[place[order]], self._length[place[order]] = key[order], length[order]


def _once(arrivals: Arrivals, count: int, slack: float) -> Arrivals:
    """The arrivals without those that are another seen through a second window."""
    order = np.lexsort((arrivals.back, arrivals.base * count + arrivals.vertex))
    a = arrivals.where(order)
    again = (a.base[1:] == a.base[:-1]) & (a.vertex[1:] == a.vertex[:-1])
    again &= (np.diff(a.back) < 1e-9) & (np.abs(np.diff(a.distance)) < 1e-6 * slack)
    return a.where(np.concatenate([[True], ~again])[: len(order)])


def _useful(
    windows: Windows, unfolder: Unfolder, known: _Known, reach: float, slack: float
) -> Windows:
    """The windows that may lead to a shortest way no longer than `reach`."""
    base, side, x, y, low, high, before, _ = windows
    mesh, length = unfolder.mesh, unfolder.length[side]
    to_low, to_high = before + np.hypot(low - x, y), before + np.hypot(high - x, y)
    nearest = np.where(x < low, to_low, np.where(x > high, to_high, before - y))
    keep = nearest <= reach
    keep &= to_high <= known.of(base, mesh.start[side]) + high + slack
    keep &= to_low <= known.of(base, mesh.end[side]) + length - low + slack
    return windows.where(np.flatnonzero(keep))


def _resolved(found: Arrivals, unfolder: Unfolder, radius: float) -> Arrivals:
    """Of all ways from a base to a vertex the shortest; of equally long ones the mean direction."""
    ring, count = unfolder.ring, unfolder.mesh.count
    scale = ring.scale
    order = np.lexsort((found.distance, found.base * count + found.vertex))
    found = found.where(order)
    found = found._replace(
        ahead=found.ahead * scale[found.base], back=found.back * scale[found.vertex]
    )
    new = np.ones(len(order), dtype=bool)
    new[1:] = (found.base[1:] != found.base[:-1]) | (found.vertex[1:] != found.vertex[:-1])
    first = np.flatnonzero(new)
    way = np.cumsum(new) - 1
    shortest = found.distance[first][way]
    longer = (found.distance - shortest) / np.maximum(shortest, 1e-300)
    turned = [
        np.angle(np.exp(1j * (angle - angle[first][way]))) for angle in (found.ahead, found.back)
    ]
    farthest = np.maximum(np.abs(turned[0]), np.abs(turned[1]))
    rival = (longer < MEET) & ~new
    torn = np.zeros(len(first), dtype=bool)
    torn[way[rival & (farthest > APART)]] = True
    tie = TIE * np.clip(farthest / 0.02, 1e-9, 1)
    equal = np.flatnonzero(rival & (farthest > SAME) & (longer < tie))
    equal = equal[_distinct(way[equal], turned[0][equal], turned[1][equal])]
    weight = new.astype(np.float64)
    weight[equal] = (1 - (longer[equal] / tie[equal]) ** 2) ** 2
    total = np.bincount(way, weight)
    shifts = [np.bincount(way, weight * turn) / total for turn in turned]
    kept = found.where(first)
    kept = kept._replace(ahead=kept.ahead + shifts[0], back=kept.back + shifts[1])
    return kept.where(~torn & (kept.distance <= radius * (1 + 1e-9)))


def _distinct(way: Index, ahead: Array, back: Array) -> Index:
    """The ways but those that are another one seen through a second window."""
    order = np.lexsort((ahead, way))
    again = way[order][1:] == way[order][:-1]
    for angle in (ahead, back):
        again &= np.abs(np.diff(angle[order])) < SAME
    return order[np.concatenate([[True], ~again])[: len(order)]]
