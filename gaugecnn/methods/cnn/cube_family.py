"""CubeCNNFamily: ordinary convolutions in the six charts of a cubed sphere, the control of p4."""

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
from gaugecnn.methods.cnn.cube_claims import claim
from gaugecnn.methods.cnn.cube_layers import (
    CubeCNNConvolution,
    CubeCNNIntegral,
    CubeCNNProjection,
    CubeCNNShortcut,
    size_after,
)
from gaugecnn.methods.cnn.stage import CNNStage
from gaugecnn.ops.cube_layers import CubeBatchNorm, CubeReLU
from gaugecnn.ops.cube_sizes import check_faces
from gaugecnn.ops.cube_type import CubeType
from gaugecnn.plans import Options
from gaugecnn.surfaces.cubed_sphere import CubedSphere
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import Symmetry


class CubeCNNFamily(LayerFamily[CNNStage]):
    """Ordinary convolutions in each chart, which read the values beyond the edges of a face.

    Args:
        domain: a cubed sphere.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.

    Raises:
        UserError: the domain is no cubed sphere, or there is no such normalisation.
    """

    stage_class = CNNStage

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: Normalisation = Normalisation.batch,
    ) -> None:
        if not isinstance(domain, CubedSphere):
            raise UserError(
                f"the six charts of a cnn need the domain kind=cubed_sphere, got {domain.title}"
            )
        super().__init__(domain, in_channels)
        self.sphere = domain
        self.normalisation = Options(normalisation=normalisation).normalisation

    def complete(
        self, stages: Sequence[CNNStage], readers: Sequence[Sequence[int]]
    ) -> Sequence[CNNStage]:
        check_faces(stages, self.sphere.size, size_after)
        return stages

    def lift(self, stage: CNNStage) -> Layer:
        layer = CubeCNNConvolution(CubeType(self.in_channels, self.sphere.size), stage)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def convolve(self, type_in: FeatureType, stage: CNNStage) -> Layer:
        return CubeCNNConvolution(expect(type_in, CubeType), stage)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        return CubeCNNShortcut(expect(type_in, CubeType), expect(type_out, CubeType))

    def normalise(self, type_: FeatureType) -> Layer:
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return CubeBatchNorm(expect(type_, CubeType))

    def activate(self, type_: FeatureType) -> Layer:
        return CubeReLU(expect(type_, CubeType))

    def project(self, type_in: FeatureType, channels: int, stage: CNNStage) -> CubeCNNProjection:
        last = CubeCNNConvolution(expect(type_in, CubeType), replace(stage, channels=channels))
        reached = last.type_out.size
        if reached != self.sphere.size:
            raise UserError(
                f"expected the project stage to return to the faces of {self.sphere.title}, got "
                f"{reached}x{reached} from {type_in}: change its stride or up, or those of the "
                f"stages before it"
            )
        return CubeCNNProjection(last, SignalType(channels, self.sphere))

    def integrate(self, type_in: FeatureType) -> CubeCNNIntegral:
        return CubeCNNIntegral(expect(type_in, CubeType))

    def exact_symmetries(self, stages: Sequence[CNNStage]) -> list[Symmetry]:
        """None: filters do not turn."""
        return []

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry)
