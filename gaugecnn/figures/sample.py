"""What a figure shows, and in which colours."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]

BACKGROUND = "#e3e3e3"
DIGITS = (
    "#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f",
    "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#2b2d5b",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One scene on a surface, and what a network says of it.

    Args:
        image: the picture in the plane ``(channel, row, column)``, in [0, 1]; None of fields.
        signal: the same on the domain ``(channel, *domain.shape)``, as grey values.
        label: its true class.
        mask: its true mask ``(*domain.shape)``, 0 for `unmarked`, class + 1.
        predicted_mask: the same as a segmenter sees it.
        probabilities: of a classifier's classes ``(class,)``.
        unmarked: what 0 in a mask is.
        numbers: the true numbers of a regression ``(output,)``.
        predicted_numbers: the same as a network sees them.
        field: the true fields of a regression ``(output, [xyz,] *domain.shape)``.
        predicted_field: the same as a network sees them.
    """

    image: Tensor | None
    signal: Tensor
    label: int | None = None
    mask: Tensor | None = None
    predicted_mask: Tensor | None = None
    probabilities: Tensor | None = None
    unmarked: str = "background"
    numbers: Tensor | None = None
    predicted_numbers: Tensor | None = None
    field: Tensor | None = None
    predicted_field: Tensor | None = None

    @property
    def fields(self) -> dict[str, Tensor]:
        """The fields of a regression that are there, by what they show."""
        named = {"target": self.field, "prediction": self.predicted_field}
        vectors = any(f is not None and f.ndim > self.signal.ndim for f in named.values())
        kind = ", length" if vectors else ""
        return {f"{name}{kind}": field for name, field in named.items() if field is not None}

    @property
    def grey(self) -> Floats:
        """The mean of the signal's channels at every point, ``(point,)``."""
        return self.signal.double().cpu().mean(dim=0).flatten().numpy()


def ink(signal: Tensor) -> Floats:
    """Grey values as ink on paper, RGB ``(*points, 3)`` of a signal ``(channel, *points)``."""
    grey = signal.double().cpu().mean(dim=0).clamp(0, 1).numpy()
    return np.repeat(0.97 - 0.87 * grey[..., None], 3, axis=-1)


def mask_colours(mask: Tensor, classes: int) -> Floats:
    """RGB ``(*points, 3)`` of a mask ``(*points)``: background light grey, one hue per class."""
    palette = np.stack([rgb(BACKGROUND), *class_colours(classes)])
    return palette[mask.cpu().numpy()]


def field_colours(sample: Sample, which: Tensor) -> Floats:
    """RGB ``(*points, 3)`` of the first output of `which`, of vectors their length.

    The colours of a sample's true and predicted fields have one scale, that of the true one.
    """
    from matplotlib import colormaps  # slow to import

    shown = _first_output(sample, which)
    against = shown if sample.field is None else _first_output(sample, sample.field)
    low, high = np.nanmin(against), np.nanmax(against)
    share = (shown - low) / max(high - low, 1e-12)
    colours: Floats = colormaps["viridis"](np.nan_to_num(share).clip(0, 1))[..., :3]
    return np.where(np.isnan(shown)[..., None], 1.0, colours)


def _first_output(sample: Sample, field: Tensor) -> Floats:
    """The first of several outputs ``(*points)``."""
    first = field[0].double().cpu()
    if first.ndim > sample.signal.ndim - 1:  # (xyz, *points)
        first = first.square().sum(0).sqrt()
    return first.numpy()


def class_colours(classes: int) -> list[Floats]:
    """One colour ``(3,)`` per class, the same for the same class in every figure."""
    if classes <= len(DIGITS):
        return [rgb(code) for code in DIGITS[:classes]]
    return [np.array(colorsys.hsv_to_rgb(i / classes, 0.65, 0.85)) for i in range(classes)]


def rgb(code: str) -> Floats:
    """The three numbers in [0, 1] of ``#rrggbb``."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])
