"""What ordinary convolutions on a cubed sphere claim: what is done to each cell alone."""

from __future__ import annotations

from gaugecnn.claims import Claim, exact, not_claimed
from gaugecnn.layers import Integral, Layer
from gaugecnn.methods.cnn.cube_layers import CubeCNNConvolution, CubeCNNProjection
from gaugecnn.surfaces.symmetry import AnyRotation, Symmetry


def claim(layer: Layer | Integral, symmetry: Symmetry) -> Claim:
    """What is known of a layer under a symmetry."""
    if isinstance(layer, CubeCNNProjection):
        return claim(layer.convolution, symmetry)
    if isinstance(layer, CubeCNNConvolution):
        rows, columns = layer.conv.kernel_size[0], layer.conv.kernel_size[-1]
        if rows > 1 or columns > 1:
            return not_claimed(
                f"filters of {rows}x{columns} do not turn: only the identity is exact"
            )
    if isinstance(symmetry, AnyRotation):
        return not_claimed("cells do not lie on cells")
    return exact("reads one cell, or all of them by area")
