"""Tangent geometry of a surface: frames, logarithmic map and parallel transport.

The logarithm of q at p has polar coordinates ``(r, theta)`` in p's frame ``(e1, e2, n)``. The
transport angle along the connecting geodesic follows from the logarithms at both of its ends,
``phi_pq = theta_pq - theta_qp - pi``, and takes components at q to components at p.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.discs import Discs


class Tangent(ABC):
    """Frames, logarithms and transports at the vertices of a surface, in float64.

    Attributes:
        frames: ``(vertex, frame vector, xyz)``, the right-handed (e1, e2, n), n outward.
        injectivity: how far from every vertex geodesics are known to be the only shortest ones.
    """

    frames: Array
    injectivity: float

    @property
    @abstractmethod
    def pieces(self) -> Index:
        """Which piece of the surface each vertex lies on ``(vertex,)``; no way joins two."""

    @abstractmethod
    def discs(self, radius: float, bases: Index | None = None) -> Discs:
        """All vertices at most `radius` from each of some vertices, these themselves left out.

        Args:
            radius: a length on the surface of area ``4 pi``.
            bases: the vertices around which discs lie, ascending; all of them when None.
        """

    @abstractmethod
    def between(self, target: Index, source: Index) -> Discs:
        """The pairs (p, q) that are given, sorted by p, then q, and have one shortest geodesic.

        Where p and q are the ends of an edge of a mesh, it is the edge that is meant.

        Args:
            target: p ``(pair,)``, ascending.
            source: q ``(pair,)``.
        """

    @abstractmethod
    def turned(self, angles: Array) -> Tangent:
        """The same geometry with every frame turned by its own angle ``(vertex,)``."""


def turned_frames(frames: Array, angles: Array) -> Array:
    """Every frame turned about its normal by its own angle ``(vertex,)``."""
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    e1, e2, normal = frames[:, 0], frames[:, 1], frames[:, 2]
    return np.stack([c * e1 + s * e2, c * e2 - s * e1, normal], axis=1)
