"""Where pictures stand on a mesh, and logarithmic maps as wide as they are."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.surface import Surface

KEPT_BYTES = 512_000_000
"""Of maps that are kept; those used longest ago are forgotten and found anew when asked for."""

Map = tuple[Index, Array, Array]
"""The vertices within reach, and their polar coordinates ``(r, theta)``, ``(vertex,)`` each."""


@dataclass(frozen=True, eq=False)
class Placing:
    """How images are laid on a mesh.

    Attributes:
        half_width: of an image, in the tangent plane.
        room: the vertices at which an image may stand ``(vertex,)``.
        upright: the vertex of images that are not rotated, their columns as near to +x as they go.
    """

    half_width: float
    room: Index
    upright: int


class PictureMaps:
    """The maps of one surface, a limited number of them remembered.

    Args:
        surface: the finest level.
        radius: how far the maps reach.
    """

    def __init__(self, surface: Surface, radius: float) -> None:
        self._surface, self._radius = surface, radius
        self._kept: OrderedDict[int, Map] = OrderedDict()
        self._bytes = 0

    def around(self, bases: Index) -> list[Map]:
        """The map of each base, the base itself at r = 0, ``(base,)``."""
        known = {int(base): self._kept.get(int(base)) for base in bases}
        missing = np.array([base for base, found in known.items() if found is None], np.int64)
        if len(missing):
            discs = self._surface.tangent.discs(self._radius, missing)
            ends = np.searchsorted(discs.base, missing, side="right")
            starts = np.searchsorted(discs.base, missing)
            for base, start, end in zip(missing.tolist(), starts, ends, strict=True):
                vertex, r, theta = (
                    np.append(values[start:end], own)
                    for values, own in (
                        (discs.vertex, base), (discs.distance, 0.0), (discs.angle, 0.0)
                    )
                )  # fmt: skip
                known[base] = self._keep(base, (vertex, r, theta))
        for base in known:
            if base in self._kept:
                self._kept.move_to_end(base)
        return [found for base in bases if (found := known[int(base)]) is not None]

    def _keep(self, base: int, found: Map) -> Map:
        self._kept[base] = found
        self._bytes += sum(values.nbytes for values in found)
        while self._bytes > KEPT_BYTES:
            _, forgotten = self._kept.popitem(last=False)
            self._bytes -= sum(values.nbytes for values in forgotten)
        return found
