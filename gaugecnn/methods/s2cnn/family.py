"""The family of S2CNN layers on a latitude-longitude grid."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from gaugecnn.errors import UserError
from gaugecnn.layers import (
    FeatureType,
    Identity,
    Integral,
    Layer,
    LayerFamily,
    Normalisation,
    expect,
)
from gaugecnn.methods.s2cnn.layers import S2Conv, SO3Conv, SO3ToS2
from gaugecnn.methods.s2cnn.memory import check_memory
from gaugecnn.methods.s2cnn.nonlinearity import Nonlinearity, Pointwise
from gaugecnn.methods.s2cnn.normalisation import HaarMean, NormalisedConv
from gaugecnn.methods.s2cnn.shortcut import SO3Shortcut
from gaugecnn.methods.s2cnn.stage import S2CNNStage, check_max_order, check_sampling, choice
from gaugecnn.methods.s2cnn.types import S2Type, SO3Type
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.symmetry import Rotation, Symmetry, half_turn_about_x, step_about_z


class SO3Integral(Integral):
    """The mean over SO(3), ``(batch, channel, beta, alpha, gamma)`` to ``(batch, channel)``."""

    def __init__(self, type_in: SO3Type) -> None:
        super().__init__()
        self.type_in = type_in
        self.features = type_in.channels
        self.mean = HaarMean(type_in.sampling)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            mean: Tensor = self.mean(x)
            return mean


class S2CNNFamily(LayerFamily[S2CNNStage]):
    """Spherical CNNs: features are functions on SO(3), convolutions products of spectra.

    Args:
        domain: a latitude-longitude grid.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.
        sampling: bandwidth of each feature's grid over its degree cut-off, at least 1. On the
            critical grid (1, as published) nonlinearities alias, and training finds the aliases
            useful; ``quadratic`` has none from 1.5 on (``experiments/s2cnn_aliasing``).
        max_order: largest frequency along gamma of every feature; None keeps all. Frequency n
            along gamma is order n of a gauge feature: a feature cut at N holds, for each channel,
            the fields of orders 0 to N on the sphere, and costs in proportion to 2 N + 1.
        nonlinearity: ``relu``, ``gelu``, ``softplus``, ``tanh`` or ``quadratic`` (``x + x^2 / 2``),
            at each point of the grid.

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
        nonlinearity: str = Nonlinearity.relu,
    ) -> None:
        super().__init__(domain, in_channels)
        if not isinstance(domain, LatLonGrid):
            title = getattr(domain, "title", type(domain).__name__)
            raise UserError(f"expected a lat_lon domain for method s2cnn, got {title}")
        check_sampling(sampling)
        if max_order is not None:
            check_max_order(max_order)
        self.lat_lon = domain
        self.bandwidth = domain.bandwidth
        self.nonlinearity = choice(Nonlinearity, nonlinearity, "nonlinearity")
        self.normalisation = choice(Normalisation, normalisation, "normalisation")
        self.sampling = sampling
        self.max_order = max_order
        self._fitting: dict[object, int] = {}  # the largest batch that was found to fit

    @property
    def input_type(self) -> S2Type:
        return S2Type(self.in_channels, self.bandwidth)

    def lift(self, stage: S2CNNStage) -> Layer:
        type_out = self._stage_type(stage, self.bandwidth)
        if type_out.bandwidth > self.bandwidth:
            raise UserError(
                f"expected the first stage's bandwidth <= domain.bandwidth = {self.bandwidth}, "
                f"got {type_out.bandwidth}"
            )
        lift = S2Conv(
            self.in_channels,
            stage.channels,
            self.bandwidth,
            type_out.bandwidth,
            stage.s2_kernel(),
            sampling_out=type_out.sampling,
            max_order=type_out.max_order,
        )
        return self._normalised(lift)

    def convolve(self, type_in: FeatureType, stage: S2CNNStage) -> Layer:
        type_in = expect(type_in, SO3Type)
        type_out = self._stage_type(stage, type_in.bandwidth)
        convolution = SO3Conv(
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
        return self._normalised(convolution)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        type_in, type_out = expect(type_in, SO3Type), expect(type_out, SO3Type)
        return Identity(type_in) if type_in == type_out else SO3Shortcut(type_in, type_out)

    def normalise(self, type_: FeatureType) -> Layer:
        """Nothing more: the convolutions normalise their spectra (`NormalisedConv`)."""
        return Identity(expect(type_, SO3Type))

    def activate(self, type_: FeatureType) -> Layer:
        return Pointwise(expect(type_, SO3Type), self.nonlinearity)

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

    def check_memory(
        self, types: Sequence[FeatureType], batch: int, keeps: bool, device: torch.device
    ) -> None:
        key = (tuple(types), keeps, device)
        if batch > self._fitting.get(key, 0):
            features = [t for t in types if isinstance(t, S2Type | SO3Type)]
            check_memory(features, batch, keeps, device)
            self._fitting[key] = batch

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

    def _normalised(self, convolution: S2Conv | SO3Conv) -> Layer:
        batch = self.normalisation is Normalisation.batch
        return NormalisedConv(convolution) if batch else convolution

    def _stage_type(self, stage: S2CNNStage, bandwidth_in: int) -> SO3Type:
        """The feature of a stage, its options completed by the family's."""
        bandwidth = bandwidth_in if stage.bandwidth is None else stage.bandwidth
        factor = self.sampling if stage.sampling is None else stage.sampling
        max_order = self.max_order if stage.max_order is None else stage.max_order
        sampling = math.ceil(factor * bandwidth - 1e-9)  # 1.1 * 10 is a little above 11
        return SO3Type(stage.channels, bandwidth, sampling, max_order)
