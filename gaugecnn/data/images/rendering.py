"""Rendering: scene and pose to signal and mask on a domain, batched, on the device."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from gaugecnn.data.batch import Batch, SignalRenderer
from gaugecnn.data.images.distortion import distorted
from gaugecnn.data.images.scenes import draw
from gaugecnn.surfaces.domain import Domain

THRESHOLD = 150 / 255
"""Grey value above which a point belongs to the digit, as in Gerken et al. (2022)."""

OUTSIDE = 3.0
"""Image coordinate of points on which no image falls; anything beyond [-1, 1] reads zero."""


class RawBatch(NamedTuple):
    """What the loader gives: images and where they go, not yet rendered.

    Attributes:
        images: ``(batch, digit, channel, row, column)``, uint8 0..255 or float32 0..1.
        labels: ``(batch, digit)``.
        corners: ``(batch, digit, (row, column))`` on the canvas.
        poses: ``(batch, *pose axes)`` of the domain.
        distortion: of `Distortions.draw`, ``(batch, number)``; None where there is none.
    """

    images: Tensor
    labels: Tensor
    corners: Tensor
    poses: Tensor
    distortion: Tensor | None = None


class Renderer(SignalRenderer):
    """Images laid on a domain: bilinear grey values, and the mask where they pass 150 / 255.

    Args:
        domain: where the image coordinates of a pose come from.

    Attributes:
        white: the largest grey value of a signal.
    """

    white = 1.0

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain

    def shown(self, signal: Tensor) -> Tensor:
        """A signal as grey values in [0, 1]."""
        return signal / self.white

    @torch.no_grad()
    def forward(self, raw: RawBatch) -> Batch:
        scene = draw(raw.images, raw.labels, raw.corners)
        coordinates = self.domain.image_coordinates(raw.poses)  # (batch, *shape, (column, row))
        if raw.distortion is not None:
            coordinates = distorted(coordinates, raw.distortion)
        places = coordinates.nan_to_num(OUTSIDE).flatten(1, -2)[:, :, None].to(scene.canvas)
        signal = grid_sample(scene.canvas, places, align_corners=False)[..., 0]
        region = grid_sample(scene.region.float(), places, mode="nearest", align_corners=False)
        on_digit = signal.amax(dim=1) > THRESHOLD  # (batch, point)
        mask = torch.where(on_digit, region[:, 0, :, 0].long(), 0)
        shape = self.domain.shape
        return Batch(signal.unflatten(2, shape), raw.labels[:, 0], mask.unflatten(1, shape))
