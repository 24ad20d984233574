"""The family of S2CNN layers on a latitude-longitude grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from gaugecnn.errors import UserError
from gaugecnn.layers import (
    FeatureType,
    Identity,
    Integral,
    Layer,
    LayerFamily,
    Stage,
    expect,
)
from gaugecnn.methods.s2cnn.grids import (
    Grid,
    s2_equatorial_grid,
    s2_near_identity_grid,
    so3_equatorial_grid,
    so3_near_identity_grid,
)
from gaugecnn.methods.s2cnn.layers import S2Conv, SO3Conv, SO3ToS2, so3_integrate
from gaugecnn.methods.s2cnn.normalisation import SO3BatchNorm
from gaugecnn.methods.s2cnn.shortcut import SO3Shortcut
from gaugecnn.methods.s2cnn.types import S2Type, SO3Type
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.symmetry import Rotation, Symmetry, half_turn_about_x, step_about_z


class Support(StrEnum):
    """Where kernels live: about the pole and the identity, or in a band about the equator."""

    near_identity = "near_identity"
    equatorial = "equatorial"


class Normalisation(StrEnum):
    """What follows a convolution: batch normalisation over SO(3), or nothing."""

    batch = "batch"
    none = "none"


S2_GRIDS = {
    Support.near_identity: s2_near_identity_grid,
    Support.equatorial: s2_equatorial_grid,
}
SO3_GRIDS = {
    Support.near_identity: so3_near_identity_grid,
    Support.equatorial: so3_equatorial_grid,
}


@dataclass(frozen=True, kw_only=True)
class S2CNNStage(Stage):
    """One convolution: its degree cut-off and where its kernel lives.

    Args:
        channels: channels of the feature that the stage produces.
        max_beta: extent of the kernel in radians.
        bandwidth: degree cut-off; None keeps that of what comes in, and the domain's for a lift
            and a projection.
        support: kernels near the identity or about the equator.
        n_alpha: kernel points along alpha.
        n_beta: kernel points along beta.
        n_gamma: kernel points along gamma, by default n_alpha; the lift has none.
        sampling: bandwidth of the grid over the cut-off, by default the family's.
        max_order: largest frequency along gamma, by default the family's.
    """

    max_beta: float
    bandwidth: int | None = None
    support: Support = Support.near_identity
    n_alpha: int = 8
    n_beta: int = 3
    n_gamma: int | None = None
    sampling: float | None = None
    max_order: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "support", _choice(Support, self.support, "support"))
        if self.bandwidth is not None and self.bandwidth < 1:
            raise UserError(f"expected bandwidth >= 1 in a stage, got {self.bandwidth}")
        if self.sampling is not None:
            _check_sampling(self.sampling)
        if self.max_order is not None:
            _check_max_order(self.max_order)

    def s2_kernel(self) -> Grid:
        """The points of a kernel on the sphere, ``(point, 2)``."""
        return S2_GRIDS[self.support](self.max_beta, self.n_alpha, self.n_beta)

    def so3_kernel(self) -> Grid:
        """The points of a kernel on SO(3), ``(point, 3)``."""
        return SO3_GRIDS[self.support](self.max_beta, self.n_alpha, self.n_beta, self.n_gamma)


class ReLU(Layer):
    """``max(x, 0)`` at each point of the grid, on which a rotation only moves values."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


class SO3Integral(Integral):
    """The mean over SO(3), ``(batch, channel, beta, alpha, gamma)`` to ``(batch, channel)``."""

    def __init__(self, type_in: SO3Type) -> None:
        super().__init__()
        self.type_in = type_in
        self.features = type_in.channels

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return so3_integrate(x)


class S2CNNFamily(LayerFamily[S2CNNStage]):
    """Spherical CNNs: features are functions on SO(3), convolutions products of spectra.

    Args:
        domain: a latitude-longitude grid.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.
        sampling: bandwidth of each feature's grid over its degree cut-off, at least 1. On the
            critical grid (1, as published) a ReLU aliases; 1.5 keeps rotation invariance.
        max_order: largest frequency along gamma of every feature; None keeps all.

    Raises:
        UserError: the domain is not a latitude-longitude grid, or an option is out of range.

    Source: Cohen et al. 2018; Gerken et al. 2022.
    """

    stage_class = S2CNNStage

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: str = Normalisation.batch,
        sampling: float = 1.0,
        max_order: int | None = None,
    ) -> None:
        super().__init__(domain, in_channels)
        if not isinstance(domain, LatLonGrid):
            title = getattr(domain, "title", type(domain).__name__)
            raise UserError(f"expected a lat_lon domain for method s2cnn, got {title}")
        _check_sampling(sampling)
        if max_order is not None:
            _check_max_order(max_order)
        self.lat_lon = domain
        self.bandwidth = domain.bandwidth
        self.normalisation = _choice(Normalisation, normalisation, "normalisation")
        self.sampling = sampling
        self.max_order = max_order

    @property
    def input_type(self) -> S2Type:
        return S2Type(self.in_channels, self.bandwidth)

    def lift(self, stage: S2CNNStage) -> S2Conv:
        type_out = self._stage_type(stage, self.bandwidth)
        if type_out.bandwidth > self.bandwidth:
            raise UserError(
                f"expected the first stage's bandwidth <= domain.bandwidth = {self.bandwidth}, "
                f"got {type_out.bandwidth}"
            )
        return S2Conv(
            self.in_channels,
            stage.channels,
            self.bandwidth,
            type_out.bandwidth,
            stage.s2_kernel(),
            sampling_out=type_out.sampling,
            max_order=type_out.max_order,
        )

    def convolve(self, type_in: FeatureType, stage: S2CNNStage) -> SO3Conv:
        type_in = expect(type_in, SO3Type)
        type_out = self._stage_type(stage, type_in.bandwidth)
        return SO3Conv(
            type_in.channels,
            stage.channels,
            type_in.bandwidth,
            type_out.bandwidth,
            stage.so3_kernel(),
            sampling_in=type_in.sampling,
            sampling_out=type_out.sampling,
            max_order_in=type_in.max_order,
            max_order_out=type_out.max_order,
        )

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        type_in, type_out = expect(type_in, SO3Type), expect(type_out, SO3Type)
        return Identity(type_in) if type_in == type_out else SO3Shortcut(type_in, type_out)

    def normalise(self, type_: FeatureType) -> Layer:
        type_ = expect(type_, SO3Type)
        if self.normalisation is Normalisation.none:
            return Identity(type_)
        return SO3BatchNorm(type_)

    def activate(self, type_: FeatureType) -> Layer:
        return ReLU(type_, type_)

    def project(self, type_in: FeatureType, channels: int, stage: S2CNNStage) -> SO3ToS2:
        type_in = expect(type_in, SO3Type)
        bandwidth = self.bandwidth if stage.bandwidth is None else stage.bandwidth
        if bandwidth > self.bandwidth:
            raise UserError(
                f"expected the projection's bandwidth <= domain.bandwidth = {self.bandwidth}, "
                f"got {bandwidth}"
            )
        return SO3ToS2(
            type_in.channels,
            channels,
            type_in.bandwidth,
            bandwidth,
            stage.so3_kernel(),
            sampling_in=type_in.sampling,
            sampling_out=self.bandwidth,
            max_order=type_in.max_order,
        )

    def integrate(self, type_in: FeatureType) -> SO3Integral:
        return SO3Integral(expect(type_in, SO3Type))

    def exact_symmetries(self, stages: Sequence[S2CNNStage]) -> list[Symmetry]:
        bandwidth, samplings = self.bandwidth, [self.bandwidth]
        for stage in stages:
            type_ = self._stage_type(stage, bandwidth)
            bandwidth = type_.bandwidth
            samplings.append(type_.sampling)
        steps = 2 * math.gcd(*samplings)
        turns = [
            ("half turn about x", half_turn_about_x()),
            ("half turn about z", step_about_z(2)),
        ]
        if steps > 2:
            turns.append((f"turn about z by 1/{steps}", step_about_z(steps)))
        return [Rotation(name, matrix, self.lat_lon) for name, matrix in turns]

    def _stage_type(self, stage: S2CNNStage, bandwidth_in: int) -> SO3Type:
        """The feature of a stage, its options completed by the family's."""
        bandwidth = bandwidth_in if stage.bandwidth is None else stage.bandwidth
        factor = self.sampling if stage.sampling is None else stage.sampling
        max_order = self.max_order if stage.max_order is None else stage.max_order
        sampling = math.ceil(factor * bandwidth - 1e-9)  # 1.1 * 10 is a little above 11
        return SO3Type(stage.channels, bandwidth, sampling, max_order)


def _choice(kind: type[StrEnum], value: str, key: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(kind)
        raise UserError(f"expected {key} to be one of {allowed}, got {value!r}") from None


def _check_sampling(sampling: float) -> None:
    if not sampling >= 1:
        raise UserError(f"expected sampling >= 1 (grid over degree cut-off), got {sampling}")


def _check_max_order(max_order: int) -> None:
    if max_order < 0:
        raise UserError(f"expected max_order >= 0 or null, got {max_order}")
