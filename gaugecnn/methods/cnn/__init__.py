"""Ordinary planar convolutions: the baseline trained with augmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.cnn.cube_family import CubeCNNFamily
    from gaugecnn.methods.cnn.cube_layers import (
        CubeCNNConvolution,
        CubeCNNIntegral,
        CubeCNNProjection,
        CubeCNNShortcut,
    )
    from gaugecnn.methods.cnn.family import CNNFamily
    from gaugecnn.methods.cnn.layers import (
        CNNBatchNorm,
        CNNConvolution,
        CNNIntegral,
        CNNProjection,
        CNNReLU,
        CNNShortcut,
    )
    from gaugecnn.methods.cnn.stage import CNNStage
    from gaugecnn.ops.plane_type import PlaneType

__all__ = [
    "CNNBatchNorm",
    "CNNConvolution",
    "CNNFamily",
    "CNNIntegral",
    "CNNProjection",
    "CNNReLU",
    "CNNShortcut",
    "CNNStage",
    "CubeCNNConvolution",
    "CubeCNNFamily",
    "CubeCNNIntegral",
    "CubeCNNProjection",
    "CubeCNNShortcut",
    "PlaneType",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "cube_family": ["CubeCNNFamily"],
        "cube_layers": [
            "CubeCNNConvolution",
            "CubeCNNIntegral",
            "CubeCNNProjection",
            "CubeCNNShortcut",
        ],
        "family": ["CNNFamily"],
        "layers": [
            "CNNBatchNorm",
            "CNNConvolution",
            "CNNIntegral",
            "CNNProjection",
            "CNNReLU",
            "CNNShortcut",
            "PlaneType",
        ],
        "stage": ["CNNStage"],
    },
)
