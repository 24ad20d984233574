"""Picture files as Pillow decodes them: upright, laid on black, at the depth that they have."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, TiffImagePlugin

from gaugecnn.errors import UserError

Array = NDArray[np.generic]

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif")
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
"""What Pillow may take a file for, whatever its name: some of its other formats start programs."""

MODES = {1: "L", 3: "RGB"}
"""What pictures become for a network of so many channels; "L" is the grey of ITU-R 601."""

MAX_SIDE = 8192
"""Of a picture, in pixels: scenes are square canvases of the longer side, 256 MiB at this one."""

MAX_VALUES = 2**30
"""Grey values in one file: 4 GiB in float32."""

ALPHA_MODES = ("LA", "PA", "RGBA", "RGBa")
WHITE_IS_ZERO = 0


def decode(path: Path, channels: int) -> list[Array]:
    """The pictures of a file: every page of a TIFF, the first frame of an animation.

    Pictures of 8 bits or fewer are uint8. Grey ones of 16 bits are uint16 and floats float32;
    colours of 16 bits are uint8 too, for Pillow reads no more of them.

    Args:
        path: the file.
        channels: 1 or 3, how many each picture gets.

    Returns:
        ``(channel, row, column)`` each; floats are not checked.

    Raises:
        UserError: it cannot be read, is larger than `MAX_SIDE` or `MAX_VALUES`, or has grey values
            of more than 16 bits.
    """
    if channels not in MODES:
        raise UserError(f"{path}: expected 1 or 3 channels for a picture, got {channels}")
    try:
        # From an open file, not from its name: Pillow then maps no TIFF into memory, which mixes up
        # the rows of one that lies on its side.
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # `check_size` does
            with Image.open(file, formats=FORMATS) as picture:
                return _pages(picture, channels, path)
    except UserError:
        raise
    except Image.DecompressionBombError as error:
        raise UserError(
            f"{path}: expected at most {MAX_SIDE} pixels along a side, got far more: {error}"
        ) from error
    except Exception as error:  # of a damaged file Pillow's decoders raise nearly anything
        raise UserError(f"{path} is not a picture that can be read: {error}") from error


def check_size(shape: tuple[int, ...], where: str | Path) -> None:
    """Refuse what would take too much memory, before it takes any.

    Args:
        shape: ``(..., row, column)`` of the file's arrays.
        where: the file, for messages.

    Raises:
        UserError: more than `MAX_SIDE` pixels along a side, or more than `MAX_VALUES` in all.
    """
    if len(shape) >= 2 and max(shape[-2:]) > MAX_SIDE:
        raise UserError(
            f"{where}: expected at most {MAX_SIDE} pixels along a side, "
            f"got {shape[-2]} rows and {shape[-1]} columns"
        )
    check_count(shape, where)


def check_count(shape: tuple[int, ...], where: str | Path) -> None:
    """Refuse more than `MAX_VALUES` numbers in all.

    Raises:
        UserError: how many there are.
    """
    if math.prod(shape) > MAX_VALUES:
        raise UserError(f"{where}: expected at most {MAX_VALUES} values, got {math.prod(shape)}")


def _pages(picture: Image.Image, channels: int, path: Path) -> list[Array]:
    pages: list[Array] = []
    for page in ImageSequence.Iterator(picture):
        width, height = page.size
        check_size((len(pages) + 1, channels, height, width), path)
        pages.append(_values(page, channels, path))
        if picture.format != "TIFF":  # pages are pictures; later frames are one picture, moving
            break
    return pages


def _values(picture: Image.Image, channels: int, path: Path) -> Array:
    """A picture ``(channel, row, column)``."""
    if picture.mode[0] in "IF":  # I, I;16, I;16B, ... and F: grey, and deeper than 8 bits
        return np.stack([_deep(picture, path)] * channels)
    upright = ImageOps.exif_transpose(picture)
    values = np.asarray(_on_black(upright).convert(MODES[channels]))
    return values[None] if channels == 1 else values.transpose(2, 0, 1)


def _on_black(picture: Image.Image) -> Image.Image:
    """Without transparency: scenes are light on black, so black shines through."""
    if picture.mode not in ALPHA_MODES and "transparency" not in picture.info:
        return picture
    colours = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colours.size, "black"), colours)


def _deep(picture: Image.Image, path: Path) -> Array:
    """Grey values ``(row, column)`` of more than 8 bits, uint16 or float32."""
    tags = getattr(picture, "tag_v2", {})
    if tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO or tags.get(
        TiffImagePlugin.BITSPERSAMPLE
    ) == (12,):  # Pillow does neither invert the one nor scale the other
        raise UserError(f"{path}: expected grey values of 16 bits, or floats, and 0 as black")
    values = np.asarray(ImageOps.exif_transpose(picture))
    if picture.mode == "F":
        return values
    if values.min() < 0 or values.max() > 65535:
        raise UserError(
            f"{path}: expected grey values of 16 bits, 0 to 65535, "
            f"got values from {values.min()} to {values.max()}"
        )
    grey = values.astype(np.uint16)
    if "transparency" in picture.info:  # of a PNG: the one value that is transparent
        grey[grey == picture.info["transparency"]] = 0
    return grey
