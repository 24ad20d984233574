"""Pictures laid on a grid in the published convention."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.data.images.published import PublishedRenderer
from gaugecnn.data.images.rendering import Batch, RawBatch
from gaugecnn.surfaces import LatLonGrid


def raw(images: Tensor, poses: Tensor | None = None) -> RawBatch:
    """Square pictures ``(image, channel, row, column)`` of classes 0, 1, ... in poses."""
    count = len(images)
    corners = torch.zeros(count, 1, 2, dtype=torch.long)
    upright = torch.eye(3).expand(count, 3, 3)
    labels = torch.arange(count)[:, None] % 10
    return RawBatch(images[:, None], labels, corners, upright if poses is None else poses)


def rendered(images: Tensor, bandwidth: int, poses: Tensor | None = None) -> Batch:
    return PublishedRenderer(LatLonGrid(bandwidth))(raw(images, poses))
