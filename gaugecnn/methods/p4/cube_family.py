"""CubeP4Family: gauge networks of the structure group C4 on a cubed sphere."""

from __future__ import annotations

from collections.abc import Sequence

from gaugecnn.claims import Claim
from gaugecnn.layers import Integral, Layer, Normalisation
from gaugecnn.methods.p4.cube_claims import claim
from gaugecnn.methods.p4.cube_layers import (
    CubeP4Convolution,
    CubeP4Integral,
    CubeP4Projection,
    CubeP4Shortcut,
    size_after,
)
from gaugecnn.methods.p4.cube_types import CubeP4Type
from gaugecnn.methods.p4.options import GroupName, P4Options, Subsampling
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.ops.cube_family import CubeFamily
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import Rotation, Symmetry


class CubeP4Family(CubeFamily[P4Stage]):
    """The convolutions of p4 in six charts, glued by gauge transformations of the group C4.

    All layers commute with the 24 rotations of the cube: they permute the charts, and turn each
    by quarter turns, with which the convolutions of p4 commute (Cohen & Welling 2016); the padding
    across edges commutes with them too. On an icosahedron, whose charts differ by sixths of a turn,
    this is the construction of Cohen, Weiler, Kicanaoglu & Welling 2019.

    Args:
        domain: a cubed sphere.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.
        group: ``p4``.
        subsampling: ``stride``.

    Raises:
        UserError: the domain is no cubed sphere, or an option is another.
    """

    stage_class = P4Stage
    feature = CubeP4Type
    convolution = CubeP4Convolution
    linear = CubeP4Shortcut
    projection = CubeP4Projection
    integral = CubeP4Integral
    size_after = staticmethod(size_after)

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: Normalisation = Normalisation.batch,
        group: GroupName = GroupName.p4,
        subsampling: Subsampling = Subsampling.stride,
    ) -> None:
        options = P4Options(normalisation=normalisation, group=group, subsampling=subsampling)
        super().__init__(domain, in_channels, options.normalisation)
        options.check_cubed_sphere()

    def exact_symmetries(self, stages: Sequence[P4Stage]) -> list[Symmetry]:
        """The 24 rotations of the cube: plans that would break them are refused."""
        return [s for s in self.sphere.symmetries() if isinstance(s, Rotation)]

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry)
