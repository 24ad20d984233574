"""The faces of a cubed sphere with cells of their neighbours around them.

A face reads beyond an edge what lies there, in the order in which its own rows and columns go on;
features that turn with the chart arrive turned by the gauge transformation between the two charts
(`gaugecnn.surfaces.cube`), so that a convolution of the padded face sees the surface, not a border.

At a corner three charts meet, and the plane of a face has a quarter beyond it that the surface
lacks. A place there takes the mean of the two values that the ways around the corner lead to, over
one edge first or over the other, each turned along its own way. A rotation of the cube takes a
chart and its corner to a chart and its corner, and the two ways around the one to those around the
other; the mean names no face, no row or column and no order of the two. So padding commutes with
all 24 rotations, also with the thirds of a turn about a corner, which pass its three charts around;
and as neither way comes first, a reflection, which exchanges them, keeps the padding of scalars
too. A rule that took the neighbour along the row would not do: a quarter turn makes it that along
the column. Zero would do, but a network would see a dark spot at each corner.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn.geometry.arrays import Index
from gaugecnn.ops.outline import outlined
from gaugecnn.surfaces.cube import ways


class _CubePadding(nn.Module):
    """What both paddings share: one gather of what the two ways lead to, laid around the faces.

    Args:
        size: rows and columns of a face.
        padding: how many are added on each side, at most `size`.
        rotations: planes of each channel; 1 where values do not turn.
    """

    axes: int
    _sources: Tensor
    _places: Tensor

    def __init__(self, size: int, padding: int, rotations: int) -> None:
        super().__init__()
        self.size, self.padding = size, padding
        if outlined():
            return
        index, turns = ways(size, padding)  # (way, face, row, column)
        r = np.arange(rotations)[:, None, None, None]
        # (way, rotation, face, row, column): plane r of the padded face is plane r - k there
        sources = (r - turns[:, None]) % rotations * (6 * size**2) + index[:, None]
        border: Index = np.ones(index.shape[1:], dtype=np.int64)
        border[:, padding : padding + size, padding : padding + size] = 0
        places = np.flatnonzero(np.broadcast_to(border, (rotations, *border.shape)))
        sources = sources.reshape(2, -1)[:, places]
        self.register_buffer("_sources", torch.from_numpy(sources), persistent=False)
        self.register_buffer("_places", torch.from_numpy(places), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.padding == 0:
            return x
        found = x.flatten(-self.axes).index_select(-1, self._sources.flatten())
        one, other = found.unflatten(-1, (2, -1)).unbind(-2)
        padded = F.pad(x, (self.padding,) * 4)
        flat = padded.flatten(-self.axes).index_copy_(-1, self._places, 0.5 * (one + other))
        return flat.unflatten(-1, padded.shape[-self.axes :])

    def extra_repr(self) -> str:
        return f"{self.padding} around faces {self.size}x{self.size}"


class ScalarPadding(_CubePadding):
    """Scalars, ``(batch, channel, face, row, column)``: values are carried along, nothing turns."""

    axes = 3

    def __init__(self, size: int, padding: int) -> None:
        super().__init__(size, padding, rotations=1)


class RotationPadding(_CubePadding):
    """Features of the group C4, ``(batch, channel, rotation, face, row, column)``.

    Where the chart beyond an edge is turned by k quarters, plane r of the padded face shows plane
    ``r - k`` of that chart: the gauge transformation of the regular representation.
    """

    axes = 4

    def __init__(self, size: int, padding: int) -> None:
        super().__init__(size, padding, rotations=4)
