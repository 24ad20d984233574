"""Isotropic mesh baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.gcn.family import GCNFamily
    from gaugecnn.methods.gcn.layers import (
        AreaMean,
        ChebyshevConvolution,
        LevelMap,
        ReLU,
        VertexBatchNorm,
        VertexField,
        VertexMix,
        VertexType,
    )
    from gaugecnn.methods.gcn.stage import GCNStage

__all__ = [
    "AreaMean",
    "ChebyshevConvolution",
    "GCNFamily",
    "GCNStage",
    "LevelMap",
    "ReLU",
    "VertexBatchNorm",
    "VertexField",
    "VertexMix",
    "VertexType",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "family": ["GCNFamily"],
        "layers": [
            "AreaMean",
            "ChebyshevConvolution",
            "LevelMap",
            "ReLU",
            "VertexBatchNorm",
            "VertexField",
            "VertexMix",
            "VertexType",
        ],
        "stage": ["GCNStage"],
    },
)
