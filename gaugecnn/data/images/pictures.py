"""The user's own files as images: one reader for training and for prediction.

A callable that gives a data set (`gaugecnn.data.custom`) may read its files with it::

    def load(train):
        return read_folder("cells/train" if train else "cells/test", channels=3)
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from gaugecnn.data.custom import as_images
from gaugecnn.data.images.raster import SUFFIXES, Array, check_size, decode
from gaugecnn.data.images.scenes import grey_values
from gaugecnn.errors import UserError

ARRAYS = (".npy", ".npz")


def read_images(path: str | Path, channels: int) -> Tensor:
    """The images of a file ``(image, channel, row, column)``, uint8 0..255 or float32 0..1.

    Pictures are turned as their EXIF says and laid on black where they are transparent. What has 8
    bits stays uint8; 16-bit grey pictures and uint16 arrays are divided by 65535.

    Args:
        path: an array ``(row, column)``, ``(image, row, column)`` or ``(image, channel, row,
            column)`` of uint8, of uint16 or of floats in [0, 1]; or a picture; or a TIFF of one or
            several, one on each page.
        channels: how many the network takes; with one, pictures become grey.

    Raises:
        UserError: no such file, or it holds something else, or too much, see `raster`.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (*ARRAYS, *SUFFIXES):
        kinds = ", ".join((*ARRAYS, *SUFFIXES))
        raise UserError(f"expected a file of type {kinds}, got {path}")
    if not path.is_file():
        raise UserError(f"no file at {path.absolute()}")
    if suffix in ARRAYS:
        return images_for(read_array(path, "images"), channels, str(path))
    pages = [as_images(page[None], str(path)) for page in decode(path, channels)]
    images = _together([f"page {i + 1} of {path}" for i in range(len(pages))], pages)
    return images_for(images, channels, str(path))


def images_for(given: Array | Tensor, channels: int, what: str) -> Tensor:
    """Images ``(image, channel, row, column)`` that a network can read.

    Args:
        given: see `read_images`; one image alone ``(row, column)`` too.
        channels: how many the network takes.
        what: where they come from, for messages.

    Raises:
        UserError: they are no images, none at all, or of other channels.
    """
    images = as_images(given[None] if given.ndim == 2 else given, what)
    if len(images) == 0:
        raise UserError(f"{what}: expected at least one image, got none")
    if images.shape[1] != channels:
        raise UserError(f"{what}: expected images of {channels} channels, got {images.shape[1]}")
    return images


def read_folder(folder: str | Path, channels: int) -> tuple[Tensor, Tensor]:
    """The images of a folder with one subfolder for each class, and their labels.

    Classes are numbered in the order of their subfolders' names, as text. A subfolder may be empty:
    it keeps the number of a class of which a test has no picture. Hidden files, and files beside
    the subfolders, are left out.

    Args:
        folder: holds the subfolders, and they the files that `read_images` reads.
        channels: how many the network takes; with one, pictures become grey.

    Returns:
        images ``(image, channel, row, column)``, uint8 or float32, and labels ``(image,)``, int64.

    Raises:
        UserError: there is no such folder or no file in it, one cannot be read, or their pictures
            are not of one size.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"no folder at {folder.absolute()}")
    classes = [path for path in _visible(folder) if path.is_dir()]
    files = [(path, label) for label, path in enumerate(classes) for path in _visible(path)]
    if not files:
        raise UserError(f"{folder}: expected a subfolder of pictures for each class, got none")
    read = [read_images(path, channels) for path, _ in files]
    labels = [torch.full((len(images),), files[i][1]) for i, images in enumerate(read)]
    return _together([str(path) for path, _ in files], read), torch.cat(labels)


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _together(names: Sequence[str], parts: Sequence[Tensor]) -> Tensor:
    """Images of several files or pages, float32 if any of them is."""
    for name, images in zip(names, parts, strict=True):
        if images.shape[1:] != parts[0].shape[1:]:
            (rows, columns), (r, c) = parts[0].shape[2:], images.shape[2:]
            raise UserError(
                f"expected pictures of one size, got {rows} rows and {columns} columns in "
                f"{names[0]}, {r} rows and {c} columns in {name}"
            )
    if any(images.dtype != torch.uint8 for images in parts):
        parts = [grey_values(images) for images in parts]
    return torch.cat(list(parts))


def read_array(
    path: Path, name: str, check: Callable[[tuple[int, ...], Path], None] = check_size
) -> Array:
    """The array of a ``.npy`` file, or of a ``.npz`` file that holds one, or one named `name`.

    Args:
        path: the file.
        name: which of several arrays.
        check: refuses shapes, before memory is taken for them.

    Raises:
        UserError: it is something else.
    """
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                return _read_npy(file, path, check)
        with zipfile.ZipFile(path) as archive:
            names = [entry.removesuffix(".npy") for entry in archive.namelist()]
            if len(names) == 1 or name in names:
                chosen = names.index(name) if name in names else 0
                with archive.open(archive.namelist()[chosen]) as file:
                    return _read_npy(file, path, check)
    except UserError:
        raise
    except Exception as error:  # of a damaged file numpy and zipfile raise nearly anything
        raise UserError(f"{path} is not an array that can be read: {error}") from error
    found = ", ".join(names) or "none"
    raise UserError(f"{path}: expected one array, or one named {name}; it holds {found}")


def _read_npy(file: IO[bytes], path: Path, check: Callable[[tuple[int, ...], Path], None]) -> Array:
    """The array of an open .npy file, whose header is read first: it may promise too much."""
    if np.lib.format.read_magic(file) == (1, 0):
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    else:  # of 3.0 too, which differs from 2.0 in the encoding of names alone
        shape, _, _ = np.lib.format.read_array_header_2_0(file)
    check(shape, path)
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)
