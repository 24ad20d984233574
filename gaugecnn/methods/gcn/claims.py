"""What isotropic layers claim: exact where vertices are permuted, nearly so elsewhere."""

from __future__ import annotations

from gaugecnn.claims import Claim, approximate, exact
from gaugecnn.layers import Integral, Layer
from gaugecnn.methods.gcn.layers import ReLU, VertexBatchNorm, VertexMix
from gaugecnn.surfaces.symmetry import AnyRotation, FrameChange, Symmetry

POINTWISE = (ReLU, VertexBatchNorm, VertexMix)


def claim(layer: Layer | Integral, symmetry: Symmetry) -> Claim | None:
    """What is known of a layer under a symmetry; None where the family's list says it all."""
    if isinstance(symmetry, FrameChange):
        return exact("scalars know no frames")
    if isinstance(symmetry, AnyRotation):
        if isinstance(layer, POINTWISE):
            return exact("reads one vertex")
        return approximate("a graph that the rotation does not permute")
    return None
