"""Windows: straight lines from many vertices at once, unfolded from triangle to triangle.

A window is a side of a face, the place from which it is seen when all triangles between are laid
into the plane of that face, and the part of the side that is seen. Entering the face shows its
third vertex when the line to it crosses that part; distance and direction are read off, exactly.
The window goes on through the two other sides (Mitchell, Mount & Papadimitriou 1987, section 3).

What lies behind a vertex around which there is more than a full turn (at a boundary: half a turn)
is seen by no straight line. Shortest ways bend there, and windows start anew from it, into the
wedge that is out of sight (ibid., "pseudosources").
"""

from __future__ import annotations

import math

import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.connectivity import Connectivity, following, preceding
from gaugecnn.geometry.one_ring import OneRing
from gaugecnn.geometry.ways import Arrivals, Pencils, Windows, joined

TOUCH = 1e-10
"""How far beside the seen part of a side, over its length, a line may cross it."""

BEND = 1e-9
"""Least angle, in radians, of a wedge that is out of sight."""


class Unfolder:
    """The faces of a mesh laid into the plane one by one.

    Args:
        vertices: positions ``(vertex, xyz)``.
        mesh: how the faces meet.
        ring: directions around the vertices.
    """

    def __init__(self, vertices: Array, mesh: Connectivity, ring: OneRing) -> None:
        self.mesh, self.ring = mesh, ring
        sides = np.arange(len(mesh.start))
        u, w, k = (vertices[v] for v in (mesh.start, mesh.end, mesh.start[preceding(sides)]))
        along, up = w - u, k - u
        self.length = np.linalg.norm(along, axis=1)
        self.third_x = (along * up).sum(1) / self.length
        self.third_y = np.linalg.norm(np.cross(along, up), axis=1) / self.length
        self._sides_of = np.argsort(mesh.start, kind="stable")
        self._first = np.searchsorted(mesh.start[self._sides_of], np.arange(mesh.count + 1))
        self._ring_first = np.searchsorted(ring.target, np.arange(mesh.count + 1))
        excess = ring.angle_sum - ring.turn
        self._bends: Mask = excess > BEND

    def around(self, bases: Index) -> Pencils:
        """All directions at some vertices."""
        none = np.zeros(len(bases))
        return Pencils(
            bases, bases, none, self.ring.angle_sum[bases], none, none, none.astype(bool)
        )

    def begin(self, pencils: Pencils) -> tuple[Windows, Arrivals]:
        """What pencils see first: the opposite sides of the faces around, and neighbours."""
        neighbours = self._along_edges(pencils)
        pencil, place = _ranges(self._first, pencils.vertex)
        corner = self._sides_of[place]
        beyond = self.mesh.twin[following(corner)]
        full = self.ring.angle_sum[pencils.vertex[pencil]]
        found = []
        for shift in (0.0, 1.0):  # directions go around: a pencil may run over the first one
            begins = self.ring.start[corner] + shift * full
            low = np.maximum(pencils.low[pencil], begins)
            high = np.minimum(pencils.high[pencil], begins + self.ring.corner[corner])
            seen = (beyond >= 0) & (high > low)
            i, c, g = pencil[seen], corner[seen], beyond[seen]
            length, opposite = self.length[g], following(c)
            x, y = self.third_x[opposite], self.third_y[opposite]  # of the vertex, other way round
            to_first = np.arctan2(y, x)

            def crossing(direction: Array) -> Array:
                angle = to_first + (direction - begins[seen])  # noqa: B023
                place = length - x + y / np.tan(angle)  # noqa: B023
                return np.clip(place, 0, length)  # noqa: B023

            turn = np.where(pencils.bent[i], pencils.ahead[i], self.ring.start[c] - to_first)
            found.append(
                Windows(
                    pencils.base[i], g, length - x, -y, crossing(high[seen]), crossing(low[seen]),
                    pencils.before[i], turn,
                )
            )  # fmt: skip
        return joined(Windows, found), neighbours

    def _along_edges(self, pencils: Pencils) -> Arrivals:
        """The neighbours in the directions of pencils."""
        pencil, edge = _ranges(self._ring_first, pencils.vertex)
        raw, full = self.ring.raw[edge], self.ring.angle_sum[pencils.vertex[pencil]]
        low, high = pencils.low[pencil] - BEND, pencils.high[pencil] + BEND
        within = ((raw >= low) & (raw <= high)) | ((raw + full >= low) & (raw + full <= high))
        within &= self.ring.source[edge] != pencils.base[pencil]  # no way leads back
        pencil, edge = pencil[within], edge[within]
        bent = pencils.bent[pencil]
        return Arrivals(
            pencils.base[pencil],
            self.ring.source[edge],
            pencils.before[pencil] + self.ring.length[edge],
            np.where(bent, pencils.ahead[pencil], self.ring.raw[edge]),
            self.ring.raw[self.ring.reverse[edge]],
            bent,
        )

    def seen(self, windows: Windows, reach: float) -> tuple[Arrivals, Array]:
        """The third vertices that windows see, and where the line to each crosses its side."""
        base, side, x, y, low, high, before, angle = windows
        dx, dy = self.third_x[side] - x, self.third_y[side] - y
        crossing = x - dx * y / dy
        touch = TOUCH * self.length[side]
        i = np.flatnonzero((crossing >= low - touch) & (crossing <= high + touch))
        dx, dy, corner = dx[i], dy[i], preceding(side[i])
        vertex, distance = self.mesh.start[corner], before[i] + np.hypot(dx, dy)
        hit = np.flatnonzero((distance <= reach) & (vertex != base[i]))
        i, dx, dy, c = i[hit], dx[hit], dy[hit], corner[hit]
        kx, ky = self.third_x[side[i]], self.third_y[side[i]]
        back = np.arctan2(kx * dy - ky * dx, kx * dx + ky * dy)
        back = self.ring.start[c] + np.clip(back, 0, self.ring.corner[c])
        bent = before[i] > 0
        ahead = np.where(bent, angle[i], np.arctan2(dy, dx) + angle[i])
        return Arrivals(base[i], vertex[hit], distance[hit], ahead, back, bent), crossing

    def through(self, windows: Windows, crossing: Array) -> list[Windows]:
        """The windows behind the second and behind the third side of the faces they lead into."""
        side, length = windows.side, self.length[windows.side]
        kx, ky = self.third_x[side], self.third_y[side]
        right = np.maximum(windows.low, crossing), windows.high
        left = windows.low, np.minimum(windows.high, crossing)
        nothing = np.zeros(len(side))
        # a side, where it begins beyond and how it runs in the present frame, what is seen of it
        parts = (
            (following(side), kx, ky, length - kx, -ky, right),
            (preceding(side), nothing, nothing, kx, ky, left),
        )
        found = []
        for across, ox, oy, ex, ey, (low, high) in parts:
            beyond = self.mesh.twin[across]
            i = np.flatnonzero((beyond >= 0) & (high - low > TOUCH * length))
            w, g = windows.where(i), beyond[i]
            reached = self.length[g]
            ex, ey = ex[i] / reached, ey[i] / reached
            sx, sy = w.x - ox[i], w.y - oy[i]
            # in the frame of the side beyond
            x, y = sx * ex + sy * ey, ex * sy - ey * sx
            ends = []
            for place in (low[i], high[i]):
                dx = place - w.x
                ends.append(np.clip((sx * -w.y - sy * dx) / (ex * -w.y - ey * dx), 0, reached))
            turn = np.where(w.before > 0, w.angle, w.angle + np.arctan2(ey, ex))
            found.append(w._replace(side=g, x=x, y=y, low=ends[0], high=ends[1], angle=turn))
        return found

    def bends(self, arrivals: Arrivals) -> Pencils:
        """The directions that are out of sight behind vertices where ways may bend."""
        arrivals = arrivals.where(self._bends[arrivals.vertex])
        full = self.ring.angle_sum[arrivals.vertex]
        inside = self.ring.turn[arrivals.vertex] > 1.5 * math.pi
        # all the way round, or from half a turn to either side up to the boundary
        low = np.where(inside, np.mod(arrivals.back + math.pi, full), arrivals.back + math.pi)
        high = np.where(inside, low + full - 2 * math.pi, full)
        other = np.flatnonzero(~inside)
        which = np.concatenate([np.arange(len(low)), other])
        low = np.concatenate([low, np.zeros(len(other))])
        high = np.concatenate([high, arrivals.back[other] - math.pi])
        which, low, high = (values[high - low > BEND] for values in (which, low, high))
        a = arrivals.where(which)
        return Pencils(
            a.base, a.vertex, low, high, a.distance, a.ahead, np.ones(len(which), dtype=bool)
        )


def _ranges(first: Index, chosen: Index) -> tuple[Index, Index]:
    """The entries ``first[c] .. first[c + 1]`` of each chosen c, and whose each is."""
    count = first[chosen + 1] - first[chosen]
    owner = np.repeat(np.arange(len(chosen)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return owner, first[chosen][owner] + within
