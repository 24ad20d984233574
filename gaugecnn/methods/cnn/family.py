"""CNNFamily: ordinary convolutions, the baseline that learns poses from augmentation."""

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
from gaugecnn.methods.cnn.claims import claim
from gaugecnn.methods.cnn.layers import (
    CNNBatchNorm,
    CNNConvolution,
    CNNIntegral,
    CNNProjection,
    CNNReLU,
    CNNShortcut,
)
from gaugecnn.methods.cnn.stage import CNNStage
from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.plans import Options
from gaugecnn.surfaces.chart import EquirectangularChart, SquareChart
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.symmetry import Symmetry


class CNNFamily(LayerFamily[CNNStage]):
    """Ordinary convolutions on a picture of the sphere, zero-padded at its border.

    Args:
        domain: a planar chart, or a latitude-longitude grid, whose signals are such pictures too.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.

    Raises:
        UserError: the domain's signals are not pictures, or there is no such normalisation.
    """

    stage_class = CNNStage

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: Normalisation = Normalisation.batch,
    ) -> None:
        if not isinstance(domain, SquareChart | EquirectangularChart | LatLonGrid):
            raise UserError(
                f"cnn accepts the domains kind=chart (equirectangular, azimuthal or plane) and "
                f"kind=lat_lon, got {domain.title}"
            )
        super().__init__(domain, in_channels)
        self.normalisation = Options(normalisation=normalisation).normalisation

    def lift(self, stage: CNNStage) -> Layer:
        layer = CNNConvolution(PlaneType(self.in_channels, *self.domain.shape), stage)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def convolve(self, type_in: FeatureType, stage: CNNStage) -> Layer:
        return CNNConvolution(expect(type_in, PlaneType), stage)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        return CNNShortcut(expect(type_in, PlaneType), expect(type_out, PlaneType))

    def normalise(self, type_: FeatureType) -> Layer:
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return CNNBatchNorm(expect(type_, PlaneType))

    def activate(self, type_: FeatureType) -> Layer:
        return CNNReLU(expect(type_, PlaneType))

    def project(self, type_in: FeatureType, channels: int, stage: CNNStage) -> CNNProjection:
        last = CNNConvolution(expect(type_in, PlaneType), replace(stage, channels=channels))
        (height, width), (rows, columns) = self.domain.shape, last.type_out.grid
        if (rows, columns) != (height, width):
            raise UserError(
                f"expected the project stage to return to the {height}x{width} of "
                f"{self.domain.title}, got {rows}x{columns} from {type_in}: change its kernel, "
                f"padding, stride or output_padding, or those of the stages before it"
            )
        return CNNProjection(last, SignalType(channels, self.domain))

    def integrate(self, type_in: FeatureType) -> CNNIntegral:
        return CNNIntegral(expect(type_in, PlaneType))

    def exact_symmetries(self, stages: Sequence[CNNStage]) -> list[Symmetry]:
        """None: filters do not turn, and the borders of a chart break even its shifts."""
        return []

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry) or super().claim(layer, symmetry, listed)
