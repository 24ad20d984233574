"""Local-frame gauge equivariance on meshes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.gauge.aggregation import mesh_geometry
    from gaugecnn.methods.gauge.convolution import GaugeConv
    from gaugecnn.methods.gauge.family import GaugeFamily
    from gaugecnn.methods.gauge.fields import (
        FieldProjection,
        GaugeIntegral,
        SelfInteraction,
        SignalToFeature,
    )
    from gaugecnn.methods.gauge.levels import Resampling, pooling, unpooling
    from gaugecnn.methods.gauge.nonlinearity import (
        NormGate,
        ProductNonlinearity,
        RegularNonlinearity,
    )
    from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
    from gaugecnn.methods.gauge.stage import GaugeOptions, GaugeStage, KernelSpec
    from gaugecnn.methods.gauge.types import GaugeType
    from gaugecnn.methods.gauge.vectors import feature_to_vectors, vectors_to_feature

__all__ = [
    "FieldProjection",
    "GaugeBatchNorm",
    "GaugeConv",
    "GaugeFamily",
    "GaugeIntegral",
    "GaugeOptions",
    "GaugeStage",
    "GaugeType",
    "KernelSpec",
    "NormGate",
    "ProductNonlinearity",
    "RegularNonlinearity",
    "Resampling",
    "SelfInteraction",
    "SignalToFeature",
    "feature_to_vectors",
    "mesh_geometry",
    "pooling",
    "unpooling",
    "vectors_to_feature",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "aggregation": ["mesh_geometry"],
        "convolution": ["GaugeConv"],
        "family": ["GaugeFamily"],
        "fields": ["FieldProjection", "GaugeIntegral", "SelfInteraction", "SignalToFeature"],
        "levels": ["Resampling", "pooling", "unpooling"],
        "nonlinearity": ["NormGate", "ProductNonlinearity", "RegularNonlinearity"],
        "normalisation": ["GaugeBatchNorm"],
        "stage": ["GaugeOptions", "GaugeStage", "KernelSpec"],
        "types": ["GaugeType"],
        "vectors": ["feature_to_vectors", "vectors_to_feature"],
    },
)
