"""Local-frame gauge equivariance on meshes."""

from gaugecnn.methods.gauge.aggregation import Kernel
from gaugecnn.methods.gauge.convolution import GaugeConv
from gaugecnn.methods.gauge.family import GaugeFamily, GaugeStage
from gaugecnn.methods.gauge.nonlinearity import NormGate, RegularNonlinearity
from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
from gaugecnn.methods.gauge.pooling import pooling, unpooling
from gaugecnn.methods.gauge.types import GaugeType

__all__ = [
    "GaugeBatchNorm",
    "GaugeConv",
    "GaugeFamily",
    "GaugeStage",
    "GaugeType",
    "Kernel",
    "NormGate",
    "RegularNonlinearity",
    "pooling",
    "unpooling",
]
