"""What gauge layers claim: exact in any frames, up to the discretisation under any rotation."""

from __future__ import annotations

from gaugecnn.claims import Claim, approximate, exact, not_claimed
from gaugecnn.layers import Integral, Layer
from gaugecnn.methods.gauge.fields import GaugeIntegral, SelfInteraction, SignalToFeature
from gaugecnn.methods.gauge.nonlinearity import (
    NormGate,
    ProductNonlinearity,
    RegularNonlinearity,
)
from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
from gaugecnn.surfaces.mesh import Icosphere
from gaugecnn.surfaces.symmetry import AnyRotation, FrameChange, Reflection, Rotation, Symmetry

POINTWISE = (GaugeBatchNorm, NormGate, ProductNonlinearity, SelfInteraction, SignalToFeature)
"""Layers that read one vertex, or it and means over the surface."""


def claim(layer: Layer | Integral, symmetry: Symmetry) -> Claim | None:
    """What is known of a layer under a symmetry; None where the family's list says it all."""
    if isinstance(layer, RegularNonlinearity):
        angles = layer.samples
        return approximate(f"ReLU at {angles} angles: waves beyond them fold back")
    if isinstance(symmetry, Reflection):
        if isinstance(layer, GaugeIntegral):
            return exact("means and norms are the same in the mirror")
        return not_claimed("orders of complex weights tell left from right")
    if isinstance(symmetry, AnyRotation):
        if isinstance(layer, POINTWISE):
            return exact("reads one vertex and norms")
        return approximate("stencils and areas of a mesh that the rotation does not permute")
    if isinstance(symmetry, FrameChange):
        return exact("stencils, transport and features turn with the frames")
    if isinstance(symmetry, Rotation) and isinstance(symmetry.domain, Icosphere):
        return exact("the vertices of every level are permuted")
    return None
