"""Scenes: one or several digits on a square canvas, without overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gaugecnn.data.images.limits import check_digits


class Scenes(NamedTuple):
    """Which images stand where, for every scene of a data set.

    Attributes:
        images: index of each digit's image ``(scene, digit)``.
        corners: upper left corner of each digit on its canvas ``(scene, digit, (row, column))``.
    """

    images: Tensor
    corners: Tensor


class DrawnScenes(NamedTuple):
    """Scenes as pictures.

    Attributes:
        canvas: grey values in [0, 1] ``(scene, channel, row, column)``.
        region: label + 1 within the frame of each digit, 0 between ``(scene, 1, row, column)``.
    """

    canvas: Tensor
    region: Tensor


def canvas_side(rows: int, columns: int, digits: int) -> int:
    """Side of the square canvas: the image's longer side, or two cells with room to move."""
    side = max(rows, columns)
    return side if digits == 1 else 2 * (side + side // 7)


def place(
    image_count: int, rows: int, columns: int, digits: int, random: np.random.Generator
) -> Scenes:
    """As many scenes as images; scene i shows image i and, beside it, others drawn at random.

    A single digit fills the canvas. Several share it in four cells, each digit in a cell of its
    own and anywhere within it, so that they never overlap.

    Raises:
        UserError: `digits` is not between 1 and 4.
    """
    check_digits(digits)
    first = np.arange(image_count)[:, None]
    others = random.integers(image_count, size=(image_count, digits - 1))
    images = torch.from_numpy(np.concatenate([first, others], axis=1))
    side = canvas_side(rows, columns, digits)
    size = np.array([rows, columns])
    if digits == 1:
        corners = np.broadcast_to((side - size) // 2, (image_count, 1, 2))
    else:
        cells = random.permuted(np.tile(np.arange(4), (image_count, 1)), axis=1)[:, :digits]
        origin = np.stack([cells // 2, cells % 2], axis=-1) * (side // 2)
        corners = origin + random.integers(side // 2 - size + 1, size=origin.shape)
    return Scenes(images, torch.from_numpy(np.array(corners)))


def grey_values(images: Tensor) -> Tensor:
    """Images, uint8 0..255 or float32 0..1, as float32 0..1; the same shape."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def draw(images: Tensor, labels: Tensor, corners: Tensor) -> DrawnScenes:
    """Lay the digits of each scene on its canvas.

    Args:
        images: ``(scene, digit, channel, row, column)``, uint8 0..255 or float32 0..1.
        labels: their labels ``(scene, digit)``; with numbers ``(scene, digit, output)`` in their
            place all are of one class.
        corners: their upper left corners ``(scene, digit, (row, column))``.
    """
    scenes, digits, channels, rows, columns = images.shape
    if labels.dim() == 3:
        labels = labels.new_zeros(labels.shape[:2], dtype=torch.int64)
    side = canvas_side(rows, columns, digits)
    canvas = images.new_zeros(scenes, channels, side, side)
    region = labels.new_zeros(scenes, 1, side, side)
    scene = torch.arange(scenes, device=images.device)[:, None, None]
    for d in range(digits):
        r = corners[:, d, 0, None] + torch.arange(rows, device=images.device)  # (scene, row)
        c = corners[:, d, 1, None] + torch.arange(columns, device=images.device)
        where = scene, slice(None), r[:, :, None], c[:, None, :]
        canvas[where] = images[:, d].permute(0, 2, 3, 1)  # (scene, row, column, channel)
        region[where] = (labels[:, d] + 1)[:, None, None, None].expand(-1, rows, columns, 1)
    return DrawnScenes(grey_values(canvas), region)
