"""The user's own images: a callable named in the config, and what it must give."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from gaugecnn.callables import accepted, current_directory_importable, find_callable
from gaugecnn.data.arrays import as_tensor, describe_value
from gaugecnn.data.fields import Fields
from gaugecnn.data.images.sources import Images
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import Domain


def call_custom(name: str, train: bool, domain: Domain, root: Path) -> Images | Fields:
    """What the user's own callable gives for one half.

    Args:
        name: ``path.to:callable``, imported from the current directory too. It is called with
            `train`, and with `domain` and `root` if it has such parameters, and returns `Fields`,
            or images ``(image, row, column)`` or ``(image, channel, row, column)``, uint8, uint16
            or floats in [0, 1], with their labels ``(image,)``, integers from 0, or numbers
            ``(image, output)`` to regress; as arrays or tensors.
        train: the samples to train on, or those to test on.
        domain: where they will live.
        root: ``data.root``, the folder of the data sets.

    Raises:
        UserError: there is no such callable, or it returns something else.
    """
    with current_directory_importable():
        function = find_callable(name, "data.name")
        result = function(train, **accepted(function, domain=domain, root=root))
    if isinstance(result, Fields):
        return result
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise UserError(
            f"data.name={name}: expected the pair (images, labels) or gaugecnn.data.Fields, "
            f"got {describe_value(result)}"
        )
    images = as_images(result[0], f"data.name={name}")
    labels = _labels(as_tensor(result[1], f"data.name={name}: labels"), name)
    if len(images) != len(labels) or len(images) == 0:
        raise UserError(
            f"data.name={name}: expected one label per image and at least one of them, "
            f"got {len(images)} images and {len(labels)} labels"
        )
    classes = 0 if labels.is_floating_point() else int(labels.max()) + 1
    return Images(images, labels, classes, name)


def as_images(value: object, what: str) -> Tensor:
    """Images ``(image, channel, row, column)``, uint8 0..255 or float32 0..1, of numbers.

    Args:
        value: an array or a tensor ``(image, row, column)`` or ``(image, channel, row, column)``:
            uint8, which stays; uint16, divided by 65535; or floats in [0, 1].
        what: where it comes from, for messages.

    Raises:
        UserError: it is something else.
    """
    images = as_tensor(value, f"{what}: images")
    if images.ndim == 3:
        images = images[:, None]  # (image, row, column) -> (image, channel, row, column)
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise UserError(
            f"{what}: expected images (image, row, column) or (image, channel, row, "
            f"column), got shape {tuple(images.shape)}"
        )
    if images.dtype == torch.uint8:
        return images
    if images.dtype == torch.uint16:
        return images.float() / 65535
    if not images.is_floating_point():
        raise UserError(
            f"{what}: expected images of type uint8, uint16 or floats in [0, 1], got {images.dtype}"
        )
    if not bool(((images >= 0) & (images <= 1)).all()):  # NaN is neither
        raise UserError(
            f"{what}: expected float images in [0, 1], got values from "
            f"{images.min().item():g} to {images.max().item():g}"
        )
    return images.float()


def _labels(labels: Tensor, name: str) -> Tensor:
    """Classes ``(image,)``, int64, or numbers ``(image, output)``, float32."""
    if labels.is_floating_point() and labels.ndim == 2:
        numbers = labels.float()
        if numbers.shape[1] == 0 or numbers.isinf().any():
            raise UserError(
                f"data.name={name}: expected finite numbers (image, output), got others"
            )
        return numbers
    if labels.ndim != 1 or labels.is_floating_point() or labels.dtype == torch.bool:
        raise UserError(
            f"data.name={name}: expected integer labels (image,) or numbers (image, output), "
            f"got {labels.dtype} of shape {tuple(labels.shape)}"
        )
    labels = labels.to(torch.int64)
    if bool((labels < 0).any()):
        raise UserError(f"data.name={name}: expected labels from 0, got {int(labels.min())}")
    return labels
