"""The user's own images: a callable named in the config, and what it must give."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gaugecnn.callables import current_directory_importable, find_callable
from gaugecnn.errors import UserError


def call_custom(name: str, train: bool) -> tuple[Tensor, Tensor]:
    """Images ``(image, channel, row, column)``, uint8, and labels ``(image,)``, int64.

    Args:
        name: ``path.to:callable``, imported from the current directory too. It is called with
            `train` and returns images ``(image, row, column)`` or ``(image, channel, row,
            column)``, uint8 or floats in [0, 1], and labels ``(image,)``, integers from 0; as
            arrays or tensors.
        train: the images to train on, or those to test on.

    Raises:
        UserError: there is no such callable, or it returns something else.
    """
    with current_directory_importable():
        result = find_callable(name, "data.name")(train)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise UserError(
            f"data.name={name}: expected the pair (images, labels), got {_describe(result)}"
        )
    images = as_images(result[0], f"data.name={name}")
    labels = _labels(_tensor(result[1], f"data.name={name}: labels"), name)
    if len(images) != len(labels) or len(images) == 0:
        raise UserError(
            f"data.name={name}: expected one label per image and at least one of them, "
            f"got {len(images)} images and {len(labels)} labels"
        )
    return images, labels


def _tensor(value: object, what: str) -> Tensor:
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, np.ndarray) and value.dtype.kind in "buif":
        return torch.from_numpy(value.astype(value.dtype.newbyteorder("=")))
    raise UserError(f"{what}: expected an array of numbers or a tensor, got {_describe(value)}")


def as_images(value: object, what: str) -> Tensor:
    """Images ``(image, channel, row, column)``, uint8, of an array or a tensor.

    Args:
        value: ``(image, row, column)`` or ``(image, channel, row, column)``, uint8 or floats in
            [0, 1].
        what: where it comes from, for messages.

    Raises:
        UserError: it is something else.
    """
    images = _tensor(value, f"{what}: images")
    if images.ndim == 3:
        images = images[:, None]  # (image, row, column) -> (image, channel, row, column)
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise UserError(
            f"{what}: expected images (image, row, column) or (image, channel, row, "
            f"column), got shape {tuple(images.shape)}"
        )
    if images.dtype == torch.uint8:
        return images
    if not images.is_floating_point():
        raise UserError(
            f"{what}: expected images of type uint8 or floats in [0, 1], got {images.dtype}"
        )
    if not bool(((images >= 0) & (images <= 1)).all()):  # NaN is neither
        raise UserError(
            f"{what}: expected float images in [0, 1], got values from "
            f"{images.min().item():g} to {images.max().item():g}"
        )
    return (images * 255).round().to(torch.uint8)


def _labels(labels: Tensor, name: str) -> Tensor:
    if labels.ndim != 1 or labels.is_floating_point() or labels.dtype == torch.bool:
        raise UserError(
            f"data.name={name}: expected integer labels (image,), "
            f"got {labels.dtype} of shape {tuple(labels.shape)}"
        )
    labels = labels.to(torch.int64)
    if bool((labels < 0).any()):
        raise UserError(f"data.name={name}: expected labels from 0, got {int(labels.min())}")
    return labels


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of type {value.dtype}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    return f"a {type(value).__name__}"
