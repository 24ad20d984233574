"""What ordinary convolutions claim: nothing but what is done to each pixel alone."""

from __future__ import annotations

from gaugecnn.claims import Claim, exact, not_claimed
from gaugecnn.layers import Integral, Layer
from gaugecnn.methods.cnn.layers import (
    CNNBatchNorm,
    CNNConvolution,
    CNNIntegral,
    CNNProjection,
    CNNReLU,
    CNNShortcut,
)
from gaugecnn.surfaces.symmetry import AnyRotation, Symmetry


def claim(layer: Layer | Integral, symmetry: Symmetry) -> Claim | None:
    """What is known of a layer under a symmetry; None where the family's list says it all."""
    if isinstance(layer, CNNBatchNorm | CNNReLU):
        return exact("reads one pixel")
    if isinstance(layer, CNNIntegral):
        if isinstance(symmetry, AnyRotation):
            return not_claimed("the mean over pixels does not weight them by their areas")
        return exact("the mean over all pixels")
    if isinstance(layer, CNNShortcut):
        return not_claimed("pools and enlargements that do not turn about the middle")
    if isinstance(layer, CNNConvolution):
        rows, columns = layer.conv.kernel_size[0], layer.conv.kernel_size[-1]
        if (rows, columns, layer.conv.stride[0], layer.pool) == (1, 1, 1, 1):
            return exact("reads one pixel")
        return not_claimed(f"filters of {rows}x{columns} do not turn: only the identity is exact")
    if isinstance(layer, CNNProjection):
        return claim(layer.convolution, symmetry)
    return None
