"""P4Family: networks that commute with the rotations, or reflections too, of a plane."""

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
from gaugecnn.methods.p4.group import GROUPS
from gaugecnn.methods.p4.layers import (
    P4BatchNorm,
    P4Convolution,
    P4Integral,
    P4Projection,
    P4ReLU,
    P4Shortcut,
)
from gaugecnn.methods.p4.options import GroupName, P4Options, Subsampling
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.methods.p4.subsampling import CosetConvolution, CosetMaxPool, CosetShortcut
from gaugecnn.methods.p4.types import P4Type
from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.ops.square import square_element
from gaugecnn.surfaces.chart import SquareChart
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import Symmetry


class P4Family(LayerFamily[P4Stage]):
    """Convolutions over quarter turns and shifts, or reflections too (Cohen & Welling 2016).

    With ``subsampling=equivariant`` a pool comes before the dropout of its stage, and goes before
    the shortcut too, so that a block keeps one coset; going up, planes are enlarged about their
    own middle, whichever coset they are.

    Args:
        domain: a chart that turns onto itself, azimuthal or the plane.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.
        group: ``p4`` or ``p4m``.
        subsampling: ``stride`` or ``equivariant``.

    Raises:
        UserError: the domain is not such a chart, or an option is none of its choices.
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
        if not isinstance(domain, SquareChart):
            raise UserError(
                f"p4 accepts the domain kind=chart with chart=azimuthal or plane, got "
                f"{domain.title}"
            )
        super().__init__(domain, in_channels)
        self.chart = domain
        self.options = P4Options(normalisation=normalisation, group=group, subsampling=subsampling)
        self.group = GROUPS[self.options.group]
        self.chooses = self.options.subsampling is Subsampling.equivariant

    def lift(self, stage: P4Stage) -> Layer:
        layer = self._convolution(PlaneType(self.in_channels, *self.chart.shape), stage)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def resample(self, type_in: FeatureType, stage: P4Stage) -> Layer:
        if self.chooses and stage.pool > 1:
            return CosetMaxPool(expect(type_in, P4Type), stage.pool)
        return Identity(type_in)

    def convolve(self, type_in: FeatureType, stage: P4Stage) -> Layer:
        if self.chooses:  # `resample` has pooled
            stage = replace(stage, pool=1)
        return self._convolution(expect(type_in, P4Type), stage)

    def _convolution(self, type_in: PlaneType | P4Type, stage: P4Stage) -> Layer:
        kind = CosetConvolution if self.chooses else P4Convolution
        return kind(type_in, stage, self.group)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        type_in, type_out = expect(type_in, P4Type), expect(type_out, P4Type)
        if type_out.cosets is not None and type_in.size != type_out.size:
            return CosetShortcut(type_in, type_out, type_out.cosets)
        return P4Shortcut(type_in, type_out)

    def normalise(self, type_: FeatureType) -> Layer:
        if self.options.normalisation is Normalisation.none:
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
        last = self._convolution(type_in, replace(stage, channels=channels))
        return P4Projection(last, SignalType(channels, self.chart))

    def integrate(self, type_in: FeatureType) -> P4Integral:
        return P4Integral(expect(type_in, P4Type))

    def exact_symmetries(self, stages: Sequence[P4Stage]) -> list[Symmetry]:
        """Those of the chart that are in the group, if no window leaves a pixel unread."""
        if self.options.trace(stages, self.chart.size)[0]:
            return []
        symmetries = self.chart.symmetries()
        return [s for s in symmetries if square_element(s) in self.group.elements]

    def exact_sizes(self, stages: Sequence[P4Stage], largest: int) -> list[int]:
        """The sizes of a picture at which stages leave no pixel unread, in ascending order.

        Args:
            stages: such as the `stages` of a network.
            largest: the largest size that is asked for.
        """
        sizes = range(2, largest + 1)
        return [size for size in sizes if self.options.is_exact(stages, size)]

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry, self.group) or super().claim(layer, symmetry, listed)
