"""What S2CNN layers claim: all rotations, as far as grids tell degrees apart."""

from __future__ import annotations

import torch

from gaugecnn.claims import Claim, approximate, exact
from gaugecnn.layers import FeatureType, Integral, Layer
from gaugecnn.methods.s2cnn.bounded import BoundedProduct
from gaugecnn.methods.s2cnn.layers import S2Conv
from gaugecnn.methods.s2cnn.nonlinearity import Pointwise
from gaugecnn.methods.s2cnn.normalisation import NormalisedConv
from gaugecnn.methods.s2cnn.types import on_group
from gaugecnn.surfaces.symmetry import AnyRotation, Rotation, Symmetry


def claim(layer: Layer | Integral, symmetry: Symmetry, sampling: float | None) -> Claim | None:
    """What is known of a layer under a symmetry; None where the family's list says it all.

    Args:
        layer: as it stands in a network.
        symmetry: which.
        sampling: of the family; None where grids are as fine as what reads them needs.
    """
    if isinstance(symmetry, Rotation):
        types = [layer.type_in, *([layer.type_out] if isinstance(layer, Layer) else [])]
        if all(_acts(type_, symmetry) for type_ in types):
            return exact("the points of its grids are permuted")
    elif not isinstance(symmetry, AnyRotation):
        return None
    return _between_points(layer, symmetry, sampling)


def _between_points(
    layer: Layer | Integral, symmetry: Rotation | AnyRotation, sampling: float | None
) -> Claim:
    """Of a rotation that permutes no grid: exact where no degree folds back onto others."""
    if isinstance(layer, Pointwise):
        return approximate(f"{layer.kind} makes degrees that {layer.type_out} folds back")
    if isinstance(layer, BoundedProduct) and sampling is not None:
        type_ = on_group(layer.type_out)
        if 2 * type_.sampling < 3 * type_.bandwidth - 2:
            return approximate(f"products have degrees that {type_} folds back")
    lift = layer.convolution if isinstance(layer, NormalisedConv) else layer
    if isinstance(lift, S2Conv):
        bandwidth = lift.analysis.grid.sampling
        if not _tells(symmetry, layer.type_in, bandwidth):
            return approximate(f"degrees of a signal from {bandwidth} on fold back on its grid")
    return exact("a map of each degree by itself, on a grid that tells them apart")


def _tells(symmetry: Rotation | AnyRotation, signal: FeatureType, bandwidth: int) -> bool:
    """Whether a signal turns as the function does that it samples."""
    if isinstance(symmetry, Rotation):
        return _acts(signal, symmetry)
    return symmetry.degree is not None and symmetry.degree < bandwidth


def _acts(type_: FeatureType, symmetry: Symmetry) -> bool:
    try:
        type_.transform(symmetry, torch.zeros(1, *type_.shape))
    except ValueError:
        return False
    return True
