"""P4Family: networks that commute with the quarter turns of a plane."""

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
from gaugecnn.methods.p4.claims import claim
from gaugecnn.methods.p4.layers import (
    P4BatchNorm,
    P4Convolution,
    P4Integral,
    P4Projection,
    P4ReLU,
    P4Shortcut,
)
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.methods.p4.types import P4Type
from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.plans import Options
from gaugecnn.surfaces.chart import SquareChart
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import Rotation, Symmetry


class P4Family(LayerFamily[P4Stage]):
    """Convolutions over the group p4 of quarter turns and shifts (Cohen & Welling 2016).

    Args:
        domain: a chart that turns onto itself, azimuthal or the plane.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.

    Raises:
        UserError: the domain is not such a chart, or there is no such normalisation.
    """

    stage_class = P4Stage

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: Normalisation = Normalisation.batch,
    ) -> None:
        if not isinstance(domain, SquareChart):
            raise UserError(
                f"p4 accepts the domain kind=chart with chart=azimuthal or plane, got "
                f"{domain.title}"
            )
        super().__init__(domain, in_channels)
        self.chart = domain
        self.normalisation = Options(normalisation=normalisation).normalisation

    def lift(self, stage: P4Stage) -> Layer:
        layer = P4Convolution(PlaneType(self.in_channels, *self.chart.shape), stage)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def convolve(self, type_in: FeatureType, stage: P4Stage) -> Layer:
        return P4Convolution(expect(type_in, P4Type), stage)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        return P4Shortcut(expect(type_in, P4Type), expect(type_out, P4Type))

    def normalise(self, type_: FeatureType) -> Layer:
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return P4BatchNorm(expect(type_, P4Type))

    def activate(self, type_: FeatureType) -> Layer:
        return P4ReLU(expect(type_, P4Type))

    def project(self, type_in: FeatureType, channels: int, stage: P4Stage) -> P4Projection:
        type_in = expect(type_in, P4Type)
        reached = stage.output_size(type_in.size)
        if reached != self.chart.size:
            raise UserError(
                f"expected the project stage to return to the {self.chart.size}x{self.chart.size} "
                f"of {self.chart.title}, got {reached}x{reached} from {type_in}: change its "
                f"kernel, padding, stride or up, or those of the stages before it"
            )
        last = P4Convolution(type_in, replace(stage, channels=channels))
        return P4Projection(last, SignalType(channels, self.chart))

    def integrate(self, type_in: FeatureType) -> P4Integral:
        return P4Integral(expect(type_in, P4Type))

    def exact_symmetries(self, stages: Sequence[P4Stage]) -> list[Symmetry]:
        """The three quarter turns, if no convolution and no pool leaves a pixel unread."""
        size = self.chart.size
        for stage in stages:
            if not stage.is_exact(size):
                return []
            size = stage.output_size(size)
        return [s for s in self.chart.symmetries() if isinstance(s, Rotation)]

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry) or super().claim(layer, symmetry, listed)
