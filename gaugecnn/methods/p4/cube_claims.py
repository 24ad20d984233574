"""What p4 layers on a cubed sphere claim: the 24 rotations of the cube."""

from __future__ import annotations

from gaugecnn.claims import Claim, exact, not_claimed
from gaugecnn.layers import Integral, Layer
from gaugecnn.methods.p4.cube_layers import CubeP4Convolution, CubeP4Projection, CubeP4Shortcut
from gaugecnn.surfaces.symmetry import AnyRotation, Reflection, Symmetry


def claim(layer: Layer | Integral, symmetry: Symmetry) -> Claim:
    """What is known of a layer under a symmetry."""
    mixes = isinstance(layer, CubeP4Convolution | CubeP4Shortcut | CubeP4Projection)
    if isinstance(symmetry, AnyRotation):
        return not_claimed("filters turn by quarters alone" if mixes else "charts turn by quarters")
    if isinstance(symmetry, Reflection) and mixes:
        return not_claimed("filters turn but are not reflected")
    if mixes:
        return exact("filters in all four turns, across edges too")
    return exact("reads one cell, or all of them by area")
