"""The one interface between networks and equivariance types.

A network is wired from typed layers. Each layer knows the type of the feature that it takes and
of the one that it gives, so that a mistake is found when the network is built.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from gaugecnn.claims import Claim, exact, not_claimed
from gaugecnn.errors import UserError
from gaugecnn.plans import Normalisation as Normalisation
from gaugecnn.plans import Stage as Stage
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import FrameChange, Isometry, Symmetry, same

StageT = TypeVar("StageT", bound=Stage)
TypeT = TypeVar("TypeT", bound="FeatureType")


class FeatureType(ABC):
    """How a feature is laid out and how symmetries act on it; it compares by value."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The axes of one feature, without the batch axis."""

    @property
    @abstractmethod
    def grid(self) -> object:
        """Where the feature is sampled; features with equal grids can be connected by a skip."""

    @abstractmethod
    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """Act with a symmetry on a feature ``(batch, *shape)``.

        Raises:
            ValueError: the symmetry is not one of this feature's grid.
        """

    @abstractmethod
    def __str__(self) -> str: ...


@dataclass(frozen=True)
class SignalType(FeatureType):
    """What a network takes and gives on a domain: scalar fields, then vector fields in space.

    ``(channel, *domain.shape)``, the x, y and z of each vector field as three channels behind the
    scalars. An isometry carries scalars along and turns vectors with it; frames are not asked.

    Args:
        channels: scalar fields.
        domain: where they live.
        vectors: vector fields.
    """

    channels: int
    domain: Domain
    vectors: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels + 3 * self.vectors, *self.domain.shape)

    @property
    def grid(self) -> object:
        return self.domain

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        moved = symmetry.on_signal(feature)
        if self.vectors == 0 or not isinstance(symmetry, Isometry):
            return moved
        scalars, vectors = moved.split([self.channels, 3 * self.vectors], dim=1)
        matrix = symmetry.matrix.to(vectors)
        turned = torch.einsum("xy,bvy...->bvx...", matrix, vectors.unflatten(1, (-1, 3)))
        return torch.cat([scalars, turned.flatten(1, 2)], dim=1)

    def __str__(self) -> str:
        vectors = f" and {self.vectors} vectors" if self.vectors else ""
        return f"{self.channels} scalars{vectors} on {self.domain.title}"


def expect(type_: FeatureType, kind: type[TypeT]) -> TypeT:
    """`type_` itself, once it is known to be of the kind that a layer takes.

    Raises:
        TypeError: the layer was wired to a feature of another kind.
    """
    if not isinstance(type_, kind):
        raise TypeError(f"expected a feature of {kind.__name__}, got {type_}")
    return type_


class Layer(nn.Module):
    """A map from features of `type_in` ``(batch, *shape)`` to features of `type_out`."""

    def __init__(self, type_in: FeatureType, type_out: FeatureType) -> None:
        super().__init__()
        self.type_in = type_in
        self.type_out = type_out

    def reframed(self, change: FrameChange) -> Layer:
        """The same map with all frames turned; the layer itself where it reads none."""
        return self

    def extra_repr(self) -> str:
        return f"{self.type_in} -> {self.type_out}"


class Identity(Layer):
    """The layer that changes nothing: a normalisation that was not asked for."""

    def __init__(self, type_: FeatureType) -> None:
        super().__init__(type_, type_)

    def forward(self, x: Tensor) -> Tensor:
        return x


class Chain(Layer):
    """Layers one after the other, each fit for what the one before it gives.

    Raises:
        TypeError: two neighbours do not fit.
    """

    def __init__(self, *layers: Layer) -> None:
        for before, after in pairwise(layers):
            if before.type_out != after.type_in:
                raise TypeError(
                    f"expected a layer that takes {before.type_out} behind "
                    f"{type(before).__name__}, got {type(after).__name__}, which takes "
                    f"{after.type_in}"
                )
        super().__init__(layers[0].type_in, layers[-1].type_out)
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Projection(Layer):
    """A feature turned into fields on the domain: as the last layer, its `type_out` is a signal."""


class Integral(nn.Module):
    """A feature turned into `features` invariants, ``(batch, feature)``."""

    type_in: FeatureType
    features: int


class LayerFamily(ABC, Generic[StageT]):
    """The layers of one equivariance type on one domain.

    Args:
        domain: where signals live; the family refuses domains that it has no layers for.
        in_channels: scalar fields of the signal.
        in_vectors: vector fields of the signal, of methods that can read them.
    """

    stage_class: type[StageT]

    def __init__(self, domain: Domain, in_channels: int, in_vectors: int = 0) -> None:
        if in_channels < 0 or in_vectors < 0 or in_channels + in_vectors < 1:
            more = f" and model.in_vectors={in_vectors}" if in_vectors else ""
            raise ValueError(f"expected model.in_channels >= 1, got {in_channels}{more}")
        self.domain = domain
        self.in_channels = in_channels
        self.in_vectors = in_vectors

    def complete(
        self, stages: Sequence[StageT], readers: Sequence[Sequence[int]]
    ) -> Sequence[StageT]:
        """A plan with what its stages leave open filled in; one without room is refused.

        Called before any layer is built. By default the plan as it is.

        Args:
            stages: all stages, a projection last.
            readers: for each stage those that read its feature; none where it is integrated.

        Raises:
            UserError: the domain has no room for the plan.
        """
        return stages

    @property
    def input_type(self) -> SignalType:
        """The type of the signal on the domain."""
        return SignalType(self.in_channels, self.domain, self.in_vectors)

    @abstractmethod
    def lift(self, stage: StageT) -> Layer:
        """The first layer: signal (`input_type`) to feature."""

    def resample(self, type_in: FeatureType, stage: StageT) -> Layer:
        """Brings a feature to where a stage's convolution and its shortcut both read it.

        By default nothing: the layers of most methods change resolution themselves.
        """
        return Identity(type_in)

    @abstractmethod
    def convolve(self, type_in: FeatureType, stage: StageT) -> Layer:
        """Feature to feature, changing resolution when the stage says so."""

    @abstractmethod
    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        """The linear map of a residual connection, from the feature that `resample` gives."""

    @abstractmethod
    def normalise(self, type_: FeatureType) -> Layer:
        """The normalisation after a convolution, or `Identity`."""

    @abstractmethod
    def activate(self, type_: FeatureType) -> Layer:
        """The nonlinearity."""

    @abstractmethod
    def project(self, type_in: FeatureType, channels: int, stage: StageT) -> Projection:
        """Feature to scalar fields ``(batch, channels, *domain.shape)``."""

    def project_vectors(
        self, type_in: FeatureType, channels: int, vectors: int, stage: StageT
    ) -> Projection:
        """Feature to scalar and tangent vector fields, a `SignalType` of both.

        Raises:
            UserError: features of this method have no directions.
        """
        raise UserError(
            f"{type(self).__name__} gives scalar fields alone: its features have no tangent "
            "directions; vector fields are regressed by model.method=gauge"
        )

    @abstractmethod
    def integrate(self, type_in: FeatureType) -> Integral:
        """Feature to invariants ``(batch, features)``."""

    def check_memory(
        self, types: Sequence[FeatureType], batch: int, keeps: bool, device: torch.device
    ) -> None:
        """Refuse a batch that the device cannot hold, before it is allocated.

        Methods whose features can outgrow a device override this; the others leave it to torch.

        Args:
            types: the feature before the first layer and behind each one.
            batch: images at once.
            keeps: whether the features of all stages are kept, for a gradient or for skips.
            device: where the batch is.
        """

    @abstractmethod
    def exact_symmetries(self, stages: Sequence[StageT]) -> list[Symmetry]:
        """The symmetries that hold exactly for a plan: of every grid or level that it uses."""

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        """How well one of the layers should commute with a symmetry, and why.

        By default exactly where the symmetry is listed, and nothing is claimed elsewhere. Methods
        that know which of their layers is to blame say so.

        Args:
            layer: as it stands in a network.
            symmetry: which.
            listed: the `exact_symmetries` of the network's plan.
        """
        name = type(self).__name__
        if any(same(symmetry, other) for other in listed):
            return exact(f"{name} lists it")
        return not_claimed(f"{name} does not claim it")
