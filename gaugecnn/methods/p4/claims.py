"""What p4 layers claim: the elements of their group, where no window leaves pixels unread."""

from __future__ import annotations

from gaugecnn.claims import Claim, approximate, exact, not_claimed
from gaugecnn.layers import Integral, Layer
from gaugecnn.methods.p4.group import PlaneGroup
from gaugecnn.methods.p4.layers import P4Convolution, P4Projection, P4Shortcut
from gaugecnn.methods.p4.subsampling import CosetConvolution
from gaugecnn.surfaces.symmetry import AnyRotation, Reflection, Symmetry


def claim(layer: Layer | Integral, symmetry: Symmetry, group: PlaneGroup) -> Claim | None:
    """What is known of a layer under a symmetry; None where the family's list says it all.

    Args:
        layer: of a p4 network.
        symmetry: what moves its input.
        group: of the network.
    """
    if isinstance(layer, P4Projection):
        return claim(layer.convolution, symmetry, group)
    mixes = isinstance(layer, P4Convolution | P4Shortcut | CosetConvolution)
    if isinstance(symmetry, AnyRotation):
        return not_claimed("filters turn by quarters alone" if mixes else "planes turn by quarters")
    if isinstance(symmetry, Reflection) and mixes and not group.reflects:
        return not_claimed("filters turn but are not reflected: model.group=p4m")
    if not mixes:
        return exact("reads one pixel, or all of them and all turns alike")
    unread = layer.unread if isinstance(layer, P4Convolution) else ()
    turns = "in all four turns, and reflected" if group.reflects else "in all four turns"
    return approximate("; ".join(unread)) if unread else exact(f"filters {turns}")
