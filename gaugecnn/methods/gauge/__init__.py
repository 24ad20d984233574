"""Local-frame gauge equivariance on meshes."""

from gaugecnn.methods.gauge.aggregation import mesh_geometry
from gaugecnn.methods.gauge.convolution import GaugeConv
from gaugecnn.methods.gauge.family import GaugeFamily, GaugeStage
from gaugecnn.methods.gauge.kernel import Kernel
from gaugecnn.methods.gauge.nonlinearity import (
    NormGate,
    ProductNonlinearity,
    RegularNonlinearity,
)
from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
from gaugecnn.methods.gauge.pooling import pooling, unpooling
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.methods.gauge.vectors import feature_to_vectors, vectors_to_feature

__all__ = [
    "GaugeBatchNorm",
    "GaugeConv",
    "GaugeFamily",
    "GaugeStage",
    "GaugeType",
    "Kernel",
    "NormGate",
    "ProductNonlinearity",
    "RegularNonlinearity",
    "feature_to_vectors",
    "mesh_geometry",
    "pooling",
    "unpooling",
    "vectors_to_feature",
]
