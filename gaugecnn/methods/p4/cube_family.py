"""CubeP4Family: gauge networks of the structure group C4 on a cubed sphere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gaugecnn.claims import Claim
from gaugecnn.errors import UserError
from gaugecnn.layers import (
    FeatureType,
    Identity,
    Integral,
    Layer,
    LayerFamily,
    Normalisation,
    SignalType,
    expect,
)
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
from gaugecnn.ops.cube_layers import CubeBatchNorm, CubeReLU
from gaugecnn.ops.cube_sizes import check_faces
from gaugecnn.ops.cube_type import CubeType
from gaugecnn.surfaces.cubed_sphere import CubedSphere
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import Rotation, Symmetry


class CubeP4Family(LayerFamily[P4Stage]):
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

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: Normalisation = Normalisation.batch,
        group: GroupName = GroupName.p4,
        subsampling: Subsampling = Subsampling.stride,
    ) -> None:
        if not isinstance(domain, CubedSphere):
            raise UserError(
                f"the six charts of p4 need the domain kind=cubed_sphere, got {domain.title}"
            )
        super().__init__(domain, in_channels)
        self.sphere = domain
        options = P4Options(normalisation=normalisation, group=group, subsampling=subsampling)
        self.normalisation = options.normalisation
        options.check_cubed_sphere()

    def complete(
        self, stages: Sequence[P4Stage], readers: Sequence[Sequence[int]]
    ) -> Sequence[P4Stage]:
        check_faces(stages, self.sphere.size, size_after)
        return stages

    def lift(self, stage: P4Stage) -> Layer:
        layer = CubeP4Convolution(CubeType(self.in_channels, self.sphere.size), stage)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def convolve(self, type_in: FeatureType, stage: P4Stage) -> Layer:
        return CubeP4Convolution(expect(type_in, CubeP4Type), stage)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        return CubeP4Shortcut(expect(type_in, CubeP4Type), expect(type_out, CubeP4Type))

    def normalise(self, type_: FeatureType) -> Layer:
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return CubeBatchNorm(expect(type_, CubeP4Type))

    def activate(self, type_: FeatureType) -> Layer:
        return CubeReLU(expect(type_, CubeP4Type))

    def project(self, type_in: FeatureType, channels: int, stage: P4Stage) -> CubeP4Projection:
        last = CubeP4Convolution(expect(type_in, CubeP4Type), replace(stage, channels=channels))
        reached = last.type_out.size
        if reached != self.sphere.size:
            raise UserError(
                f"expected the project stage to return to the faces of {self.sphere.title}, got "
                f"{reached}x{reached} from {type_in}: change its stride or up, or those of the "
                f"stages before it"
            )
        return CubeP4Projection(last, SignalType(channels, self.sphere))

    def integrate(self, type_in: FeatureType) -> CubeP4Integral:
        return CubeP4Integral(expect(type_in, CubeP4Type))

    def exact_symmetries(self, stages: Sequence[P4Stage]) -> list[Symmetry]:
        """The 24 rotations of the cube: plans that would break them are refused."""
        return [s for s in self.sphere.symmetries() if isinstance(s, Rotation)]

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry)
