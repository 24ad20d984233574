"""Sixes and nines of MNIST, in pictures that say more, or less, of which way is up.

A nine upside down is much like a six. What tells them apart, to a network that does not know how
its picture is turned, is how people write them; or else something in the picture that says which
way is up. Two such things are made and unmade here:

- the picture's middle, about which pictures are turned: the digits of MNIST have their centre of
  mass half a pixel below it and half a pixel to its right;
- the interpolation of the published spherical MNIST (`gaugecnn.data.images.published`), which reads
  a place u, in pixels from the edge, as ``(i + 1 - u) s[i - 1] + (u - i + 1) s[i + 1]``,
  i = trunc(u). Towards the end of each pixel it leans on what comes after, and then falls back: a
  saw whose teeth point down and to the right, wherever the digit has strokes.

Each function is one for ``data.name``: ``(images (image, row, column), labels (image,))``, label 1
for nines. All but the first give pictures of `FINE` places a pixel, which the same renderer lays on
the same points.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from gaugecnn.data.images.published import before_and_after
from gaugecnn.data.images.sources import load_source

SIX, NINE = 6, 9
FINE = 4
"""Places along each pixel, at (1/2, 3/2, ..) / FINE of it."""

Pictures = tuple[Tensor, Tensor]


def as_they_are(train: bool, root: Path) -> Pictures:
    """The pictures of MNIST, uint8."""
    source = load_source("mnist", root, False, train)
    chosen = (source.labels == SIX) | (source.labels == NINE)
    return source.images[chosen, 0], (source.labels[chosen] == NINE).long()


def finer(train: bool, root: Path) -> Pictures:
    """Read finer, between the centres of neighbouring pixels."""
    images, labels = as_they_are(train, root)
    return _as_bytes(read(images, between_neighbours(images.shape[-1]))), labels


def centred(train: bool, root: Path) -> Pictures:
    """Moved so that the centre of mass is in the middle, to an eighth of a pixel."""
    images, labels = as_they_are(train, root)
    fine = _as_bytes(read(images, between_neighbours(images.shape[-1])))
    offset = (centre_of_mass(images) * FINE).round().long()  # (image, axis)
    size = fine.shape[-1]
    index = torch.arange(size) + offset[..., None]  # (image, axis, place); digits have a margin
    rows, columns = index.remainder(size).unbind(1)
    moved = fine.gather(1, rows[:, :, None].expand_as(fine))
    return moved.gather(2, columns[:, None, :].expand_as(fine)), labels


def leaning(train: bool, root: Path) -> Pictures:
    """As the published generator reads them."""
    images, labels = as_they_are(train, root)
    return _as_bytes(read(images, published(images.shape[-1]))), labels


def both_ways(train: bool, root: Path) -> Pictures:
    """The mean of what the published generator reads, and what it would of the half turn.

    The same blur, with teeth in both directions: the axes of the picture can be seen, and nothing
    of which way along them is up.
    """
    images, labels = as_they_are(train, root)
    table = published(images.shape[-1])
    return _as_bytes(read(images, table) + read(images, table.flip(0, 1))), labels


def centre_of_mass(images: Tensor) -> Tensor:
    """How far the centre of mass is from the middle of the picture, pixels, ``(image, axis)``."""
    images, size = images.double(), images.shape[-1]
    place = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    mass = images.sum((1, 2))
    moments = [images.sum(other) @ place for other in (2, 1)]
    return torch.stack(moments, 1) / mass[:, None]


def between_neighbours(size: int) -> Tensor:
    """The matrix ``(place, pixel)`` of linear interpolation between the centres of pixels."""
    place = _places(size) - 0.5
    return (1 - (place[:, None] - torch.arange(size)).abs()).clamp_min(0)


def published(size: int) -> Tensor:
    """The matrix ``(place, pixel)`` of the published generator's interpolation."""
    weights, index = before_and_after(_places(size), size)
    framed = weights.new_zeros(len(weights), size + 2)  # with a pixel outside on either side
    return framed.scatter_add(1, index + 1, weights)[:, 1:-1]


def _places(size: int) -> Tensor:
    """Where a finer picture is read, in pixels from the edge."""
    return (torch.arange(size * FINE, dtype=torch.float64) + 0.5) / FINE


def read(images: Tensor, table: Tensor) -> Tensor:
    """Finer pictures ``(image, place, place)``, each axis read by a matrix ``(place, pixel)``."""
    table = table.float()
    return table @ images.float() @ table.T


def _as_bytes(images: Tensor) -> Tensor:
    """Stretched so that the largest value of each picture is 255, uint8."""
    largest = images.amax((1, 2), keepdim=True)
    return (images / largest * 255).round().to(torch.uint8)
