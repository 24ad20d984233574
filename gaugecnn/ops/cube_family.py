"""CubeFamily: what the families of layers on a cubed sphere share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from gaugecnn.errors import UserError
from gaugecnn.layers import (
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
from gaugecnn.ops.cube_layers import CubeBatchNorm, CubeReLU
from gaugecnn.ops.cube_sizes import check_faces
from gaugecnn.ops.cube_type import CubeType
from gaugecnn.ops.planar import PlanarStage
from gaugecnn.surfaces.cubed_sphere import CubedSphere
from gaugecnn.surfaces.domain import Domain

StageT = TypeVar("StageT", bound=PlanarStage)


class CubeFamily(LayerFamily[StageT]):
    """Layers in six square charts, padded across the edges; every plan leaves six whole faces.

    Args:
        domain: a cubed sphere.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.

    Attributes:
        feature: the type of the features between layers.
        convolution: a layer from the type of a signal or a feature, and a stage.
        linear: a layer from one type of feature to another, for shortcuts.
        projection: made of a convolution, and the type of the signals that it gives.
        integral: invariants from a type of feature.

    Raises:
        UserError: the domain is no cubed sphere.
    """

    feature: type[FeatureType]
    convolution: Callable[[Any, StageT], Layer]
    linear: Callable[[Any, Any], Layer]
    projection: Callable[[Any, SignalType], Projection]
    integral: Callable[[Any], Integral]

    def __init__(self, domain: Domain, in_channels: int, normalisation: Normalisation) -> None:
        if not isinstance(domain, CubedSphere):
            raise UserError(f"six charts need the domain kind=cubed_sphere, got {domain.title}")
        super().__init__(domain, in_channels)
        self.sphere = domain
        self.normalisation = normalisation

    @staticmethod
    @abstractmethod
    def size_after(stage: StageT, size: int) -> int:
        """Rows of a face behind a stage, from those before it."""

    def complete(
        self, stages: Sequence[StageT], readers: Sequence[Sequence[int]]
    ) -> Sequence[StageT]:
        check_faces(stages, self.sphere.size, self.size_after)
        return stages

    def lift(self, stage: StageT) -> Layer:
        signal = CubeType(self.in_channels, self.sphere.size)
        layer = type(self).convolution(signal, stage)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def convolve(self, type_in: FeatureType, stage: StageT) -> Layer:
        return type(self).convolution(expect(type_in, self.feature), stage)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        return type(self).linear(expect(type_in, self.feature), expect(type_out, self.feature))

    def normalise(self, type_: FeatureType) -> Layer:
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return CubeBatchNorm(expect(type_, self.feature))

    def activate(self, type_: FeatureType) -> Layer:
        return CubeReLU(expect(type_, self.feature))

    def project(self, type_in: FeatureType, channels: int, stage: StageT) -> Projection:
        last = self.convolve(type_in, replace(stage, channels=channels))
        reached = last.type_out.shape[-1]
        if reached != self.sphere.size:
            raise UserError(
                f"expected the project stage to return to the faces of {self.sphere.title}, got "
                f"{reached}x{reached} from {type_in}: change its stride or up, or those of the "
                f"stages before it"
            )
        return type(self).projection(last, SignalType(channels, self.sphere))

    def integrate(self, type_in: FeatureType) -> Integral:
        return type(self).integral(expect(type_in, self.feature))
