"""The layers of local-frame gauge equivariance, on icospheres and any triangle mesh."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gaugecnn.claims import Claim
from gaugecnn.errors import UserError
from gaugecnn.geometry.hierarchy import level
from gaugecnn.geometry.surface import Surface
from gaugecnn.layers import (
    Chain,
    FeatureType,
    Identity,
    Integral,
    Layer,
    LayerFamily,
    Normalisation,
    Projection,
    expect,
)
from gaugecnn.methods.gauge.claims import claim
from gaugecnn.methods.gauge.convolution import GaugeConv
from gaugecnn.methods.gauge.fields import (
    FieldProjection,
    GaugeIntegral,
    SelfInteraction,
    SignalToFeature,
)
from gaugecnn.methods.gauge.levels import pooling, unpooling
from gaugecnn.methods.gauge.nonlinearity import (
    NormGate,
    ProductNonlinearity,
    RegularNonlinearity,
)
from gaugecnn.methods.gauge.normalisation import GaugeBatchNorm
from gaugecnn.methods.gauge.stage import (
    DEFAULT_ORDER,
    GaugeOptions,
    GaugeStage,
    Nonlinearity,
)
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.stencil import ONE_RING, REACH
from gaugecnn.plans import least_order
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.mesh import Icosphere
from gaugecnn.surfaces.mesh_domain import MeshDomain
from gaugecnn.surfaces.symmetry import FrameChange, Symmetry


class GaugeFamily(LayerFamily[GaugeStage]):
    """Layers whose output does not depend on the frames in which features are written.

    Args:
        domain: an icosphere or a triangle mesh.
        in_channels: scalar fields of the signal.
        in_vectors: vector fields of the signal, behind the scalars, x, y and z of each.
        normalisation: ``batch`` or ``none``.
        nonlinearity: ``product``, ``norm_gate`` (both exact) or ``regular``.
        max_order: highest order of every feature; a stage can have a lower one of its own. None
            leaves it to the stages, which have orders up to 2 where they do not say.

    Raises:
        UserError: the domain is not a mesh, or an option is out of range.
    """

    stage_class = GaugeStage

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        in_vectors: int = 0,
        normalisation: Normalisation = Normalisation.batch,
        nonlinearity: Nonlinearity = Nonlinearity.product,
        max_order: int | None = None,
    ) -> None:
        super().__init__(domain, in_channels, in_vectors)
        if not isinstance(domain, MeshDomain):
            raise UserError(f"gauge layers live on an icosphere or a mesh, got {domain.title}")
        options = GaugeOptions(
            normalisation=normalisation, nonlinearity=nonlinearity, max_order=max_order
        )
        self.mesh = domain
        self.normalisation = options.normalisation
        self.nonlinearity = options.nonlinearity
        self.max_order = options.max_order

    def _type(self, stage: GaugeStage) -> GaugeType:
        order = least_order(stage.max_order, self.max_order)
        orders = 1 + (DEFAULT_ORDER if order is None else order)
        return GaugeType((stage.channels,) * orders, level(self.mesh.surface, stage.down))

    def complete(
        self, stages: Sequence[GaugeStage], readers: Sequence[Sequence[int]]
    ) -> Sequence[GaugeStage]:
        for stage in stages:
            level(self.mesh.surface, stage.down)
        return stages

    def resample(self, type_in: FeatureType, stage: GaugeStage) -> Layer:
        return self._moved(expect(type_in, GaugeType), level(self.mesh.surface, stage.down), stage)

    def _moved(self, type_in: GaugeType, surface: Surface, stage: GaugeStage) -> Layer:
        """The pooling or unpooling that brings a feature to `surface`, if it does not live there.

        On its way down it is smoothed by a Gaussian as wide as the kernel of the stage that it is
        for.
        """
        if surface is type_in.surface:
            return Identity(type_in)
        if len(surface) > len(type_in.surface):
            return unpooling(type_in, surface)
        reach = REACH * surface.mean_edge if stage.radius == ONE_RING else stage.radius
        return pooling(type_in, surface, reach)

    def lift(self, stage: GaugeStage) -> Layer:
        entry = SignalToFeature(self.input_type, self.mesh)
        return Chain(entry, self.convolve(entry.type_out, stage))

    def convolve(self, type_in: FeatureType, stage: GaugeStage) -> Layer:
        type_out = self._type(stage)
        bias = self.normalisation is Normalisation.none
        return self._convolution(expect(type_in, GaugeType), type_out, stage, bias)

    def _convolution(
        self, type_in: GaugeType, type_out: GaugeType, stage: GaugeStage, bias: bool
    ) -> Layer:
        moved = self._moved(type_in, type_out.surface, stage)
        here = expect(moved.type_out, GaugeType)
        layer = GaugeConv(here, type_out, type_out.surface, stage.kernel, bias)
        return Chain(layer) if isinstance(moved, Identity) else Chain(moved, layer)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        target = expect(type_out, GaugeType)
        layers: list[Layer] = [SelfInteraction(expect(type_in, GaugeType), target)]
        if self.nonlinearity is Nonlinearity.product:  # squares of squares would grow unbounded
            layers.append(self.normalise(target))
        return Chain(*layers)

    def normalise(self, type_: FeatureType) -> Layer:
        type_ = expect(type_, GaugeType)
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return GaugeBatchNorm(type_)

    def activate(self, type_: FeatureType) -> Layer:
        type_ = expect(type_, GaugeType)
        layers = {
            Nonlinearity.norm_gate: NormGate,
            Nonlinearity.regular: RegularNonlinearity,
            Nonlinearity.product: ProductNonlinearity,
        }
        return layers[self.nonlinearity](type_)

    def project(self, type_in: FeatureType, channels: int, stage: GaugeStage) -> Projection:
        return self.project_vectors(type_in, channels, 0, stage)

    def project_vectors(
        self, type_in: FeatureType, channels: int, vectors: int, stage: GaugeStage
    ) -> Projection:
        orders = (channels, vectors) if vectors else (channels,)
        type_out = GaugeType(orders, self.mesh.surface)
        layer = self._convolution(expect(type_in, GaugeType), type_out, stage, bias=True)
        return FieldProjection(layer, self.mesh)

    def integrate(self, type_in: FeatureType) -> Integral:
        return GaugeIntegral(expect(type_in, GaugeType))

    def exact_symmetries(self, stages: Sequence[GaugeStage]) -> list[Symmetry]:
        if self.nonlinearity is Nonlinearity.regular:
            return []
        generator = torch.Generator().manual_seed(0)
        angles = 2 * torch.pi * torch.rand(len(self.mesh.points), generator=generator)
        rotations = self.mesh.symmetries() if isinstance(self.mesh, Icosphere) else []
        return [FrameChange(angles.double()), *rotations]

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry) or super().claim(layer, symmetry, listed)
