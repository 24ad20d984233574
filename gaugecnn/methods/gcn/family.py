"""The isotropic mesh baseline: what a network can do without any notion of direction."""

from __future__ import annotations

from collections.abc import Sequence

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
    SignalType,
    expect,
)
from gaugecnn.methods.gcn.claims import claim
from gaugecnn.methods.gcn.layers import (
    AreaMean,
    ChebyshevConvolution,
    LevelMap,
    ReLU,
    VertexBatchNorm,
    VertexField,
    VertexMix,
    VertexType,
)
from gaugecnn.methods.gcn.stage import GCNStage
from gaugecnn.plans import Options
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.mesh import Icosphere
from gaugecnn.surfaces.mesh_domain import MeshDomain
from gaugecnn.surfaces.symmetry import Symmetry


class GCNFamily(LayerFamily[GCNStage]):
    """Layers built on PyTorch Geometric's `ChebConv`.

    Args:
        domain: an icosphere or a triangle mesh.
        in_channels: channels of the scalar signal.
        normalisation: ``batch`` or ``none``.

    Raises:
        UserError: the domain is not a mesh, or there is no such normalisation.
    """

    stage_class = GCNStage

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: Normalisation = Normalisation.batch,
    ) -> None:
        super().__init__(domain, in_channels)
        if not isinstance(domain, MeshDomain):
            raise UserError(f"gcn layers live on an icosphere or a mesh, got {domain.title}")
        self.mesh = domain
        self.normalisation = Options(normalisation=normalisation).normalisation

    def lift(self, stage: GCNStage) -> Layer:
        layer = self.convolve(VertexType(self.in_channels, self.mesh.surface), stage)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def complete(
        self, stages: Sequence[GCNStage], readers: Sequence[Sequence[int]]
    ) -> Sequence[GCNStage]:
        for stage in stages:
            level(self.mesh.surface, stage.down)
        return stages

    def resample(self, type_in: FeatureType, stage: GCNStage) -> Layer:
        return self._moved(expect(type_in, VertexType), level(self.mesh.surface, stage.down))

    def convolve(self, type_in: FeatureType, stage: GCNStage) -> Layer:
        moved = self.resample(type_in, stage)
        here = expect(moved.type_out, VertexType)
        type_out = VertexType(stage.channels, here.surface)
        return _chain(moved, ChebyshevConvolution(here, type_out, stage.hops))

    def _moved(self, type_in: VertexType, surface: Surface) -> Layer:
        """The pooling or unpooling that brings a feature to `surface`, if it is not there."""
        return Identity(type_in) if surface is type_in.surface else LevelMap(type_in, surface)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        source, target = expect(type_in, VertexType), expect(type_out, VertexType)
        return Chain(VertexMix(source, target))

    def normalise(self, type_: FeatureType) -> Layer:
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return VertexBatchNorm(expect(type_, VertexType))

    def activate(self, type_: FeatureType) -> Layer:
        return ReLU(expect(type_, VertexType))

    def project(self, type_in: FeatureType, channels: int, stage: GCNStage) -> Projection:
        surface = self.mesh.surface
        moved = self._moved(expect(type_in, VertexType), surface)
        here = expect(moved.type_out, VertexType)
        last = ChebyshevConvolution(here, VertexType(channels, surface), stage.hops)
        return VertexField(_chain(moved, last), SignalType(channels, self.mesh))

    def integrate(self, type_in: FeatureType) -> Integral:
        return AreaMean(expect(type_in, VertexType))

    def exact_symmetries(self, stages: Sequence[GCNStage]) -> list[Symmetry]:
        return self.mesh.symmetries() if isinstance(self.mesh, Icosphere) else []

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry) or super().claim(layer, symmetry, listed)


def _chain(moved: Layer, layer: Layer) -> Chain:
    """A layer on another level than the feature's, or on the same one."""
    return Chain(layer) if isinstance(moved, Identity) else Chain(moved, layer)
