"""Layers on a cubed sphere that ask nothing of what turns: every method there uses them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from gaugecnn.layers import FeatureType, Layer
from gaugecnn.ops.batch_norm import WeightedBatchNorm
from gaugecnn.surfaces.cube import FACES
from gaugecnn.surfaces.cubed_sphere import cell_areas


def on_faces(operation: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply what works on ``(batch, plane, row, column)`` to ``(batch, ..., row, column)``."""
    planes = x.flatten(1, -3)  # (batch, ..., face, row, column) -> (batch, plane, row, column)
    return operation(planes).unflatten(1, x.shape[1:-2])


def resized(x: Tensor, size: int) -> Tensor:
    """Features ``(batch, ..., row, column)`` on faces of `size` rows, a multiple or a part of it.

    A smaller face takes the maximum over the cells that become one, a larger one repeats them.
    """
    now = x.shape[-1]
    if size < now:
        return on_faces(lambda planes: F.max_pool2d(planes, now // size), x)
    if size > now:
        return on_faces(lambda planes: F.interpolate(planes, scale_factor=size // now), x)
    return x


def area_shares(size: int) -> Tensor:
    """The share of each cell in the area of the sphere, ``(face, row, column)``, float64."""
    areas = cell_areas(size).expand(len(FACES), size, size)
    return areas / areas.sum()


def faces_into_batch(x: Tensor) -> Tensor:
    """``(batch, ..., face, row, column) -> (batch * face, ..., row, column)``."""
    return x.movedim(-3, 1).flatten(0, 1)


def faces_out_of_batch(x: Tensor) -> Tensor:
    """``(batch * face, ..., row, column) -> (batch, ..., face, row, column)``."""
    return x.unflatten(0, (-1, len(FACES))).movedim(1, -3)


class CubeBatchNorm(Layer):
    """Batch normalisation of each channel over the batch, its planes and the area of the sphere.

    Args:
        type_: a feature ``(channel, [rotation,] face, row, column)``.
    """

    def __init__(self, type_: FeatureType) -> None:
        super().__init__(type_, type_)
        channels, *planes, _, size, _ = type_.shape
        shares = area_shares(size).expand(*planes, -1, -1, -1).flatten()
        self.norm = WeightedBatchNorm(shares / shares.sum(), [1] * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        points = x.flatten(2).transpose(1, 2)  # (batch, point, channel)
        return self.norm(points).transpose(1, 2).unflatten(2, x.shape[2:])


class CubeReLU(Layer):
    """``max(x, 0)``, element by element."""

    def __init__(self, type_: FeatureType) -> None:
        super().__init__(type_, type_)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class AreaMean(torch.nn.Module):
    """The mean over the sphere, ``(..., face, row, column) -> (...)``.

    Args:
        size: rows and columns of a face.
    """

    _shares: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("_shares", area_shares(size).flatten(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(-3) @ self._shares.to(x)
