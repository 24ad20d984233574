"""Tangent geometry of any triangle mesh: that of the polyhedron itself, exactly."""

from __future__ import annotations

import math
from copy import copy
from functools import cached_property

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.discs import Discs, discs_around, wrapped
from gaugecnn.geometry.one_ring import one_ring, tangent_frames
from gaugecnn.geometry.tangent import Tangent, turned_frames
from gaugecnn.geometry.windows import Unfolder


class MeshTangent(Tangent):
    """A triangle mesh, without or with boundary, in one piece or several.

    Args:
        title: what to call the mesh in messages.
        vertices: positions ``(vertex, xyz)``.
        mesh: how its faces meet.
    """

    injectivity = 0.0

    def __init__(self, title: str, vertices: Array, mesh: Connectivity) -> None:
        self._title, self._vertices = title, vertices
        self.mesh = mesh
        self.ring = one_ring(vertices, mesh)
        self.frames = tangent_frames(vertices, mesh.faces, self.ring)
        self._turned = np.zeros(len(vertices))

    @cached_property
    def _unfolder(self) -> Unfolder:
        return Unfolder(self._vertices, self.mesh, self.ring)

    @cached_property
    def pieces(self) -> Index:
        found = np.zeros(self.mesh.count, dtype=np.int64)
        found[self.mesh.faces] = self.mesh.components[1][:, None]
        return found

    def discs(self, radius: float, bases: Index | None = None) -> Discs:
        bases = np.arange(self.mesh.count) if bases is None else bases
        found = discs_around(self._title, self._vertices, self._unfolder, bases, radius)
        return found.turned(self._turned)

    def between(self, target: Index, source: Index) -> Discs:
        count = self.mesh.count
        parts = [self._edges_among(target, source)]
        wanted = np.setdiff1d(target * count + source, parts[0].base * count + parts[0].vertex)
        for detour in (1.2, 2.0, 4.0):  # over the chord; geodesics are longer, none knows how much
            p, q = np.divmod(wanted, count)
            if len(wanted) == 0:
                break
            chord = np.linalg.norm(self._vertices[p] - self._vertices[q], axis=1).max()
            found = self.discs(detour * chord, np.unique(p))
            key = found.base * count + found.vertex
            parts.append(found.where(np.isin(key, wanted)))
            wanted = np.setdiff1d(wanted, key)
        return Discs.joined(parts)

    def _edges_among(self, target: Index, source: Index) -> Discs:
        """Those of the pairs that are edges."""
        ring, count = self.ring, self.mesh.count
        key, wanted = ring.target * count + ring.source, target * count + source
        place = np.searchsorted(key, wanted).clip(max=len(key) - 1)
        place = place[key[place] == wanted]
        p, q, theta = ring.target[place], ring.source[place], ring.theta
        transport = wrapped(theta[place] - theta[ring.reverse[place]] - math.pi)
        straight = np.zeros(len(place), dtype=bool)
        found = Discs(p, q, ring.length[place], wrapped(theta[place]), transport, straight)
        return found.turned(self._turned)

    def turned(self, angles: Array) -> MeshTangent:
        other = copy(self)  # with the same geometry
        other.frames = turned_frames(self.frames, angles)
        other._turned = self._turned + angles
        return other
