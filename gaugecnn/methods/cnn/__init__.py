"""Ordinary planar convolutions: the baseline trained with augmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.cnn.family import CNNFamily
    from gaugecnn.methods.cnn.stage import CNNStage

__all__ = [
    "CNNFamily",
    "CNNStage",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "family": ["CNNFamily"],
        "stage": ["CNNStage"],
    },
)
