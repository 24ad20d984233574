"""The family of S2CNN layers on a latitude-longitude grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from gaugecnn.claims import Claim
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
)
from gaugecnn.methods.s2cnn.claims import claim
from gaugecnn.methods.s2cnn.grids import s2_kernel, so3_kernel
from gaugecnn.methods.s2cnn.layers import S2Conv, SO3Conv, SO3ToS2
from gaugecnn.methods.s2cnn.memory import check_memory, measured
from gaugecnn.methods.s2cnn.nonlinearity import activation
from gaugecnn.methods.s2cnn.normalisation import HaarMean, NormalisedConv
from gaugecnn.methods.s2cnn.shortcut import DegreeCut, SO3Shortcut
from gaugecnn.methods.s2cnn.stage import Nonlinearity, Rings, S2CNNOptions, S2CNNStage
from gaugecnn.methods.s2cnn.types import GroupType, ProductType, SO3Type, SpinType, on_group
from gaugecnn.plans import least_order
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.symmetry import Rotation, Symmetry, half_turn_about_x, step_about_z

SMOOTH_SAMPLING = 1.5
"""Bandwidth over cut-off of a grid on which a nonlinearity that is no polynomial errs little."""


FEW_ORDERS = 3
"""Up to this order features are waves along gamma; of more orders products take fewer points."""


class SO3Integral(Integral):
    """The mean over SO(3), ``(batch, channel, beta, alpha, gamma)`` to ``(batch, channel)``."""

    def __init__(self, type_in: GroupType) -> None:
        super().__init__()
        self.type_in: GroupType = type_in
        self.features = type_in.channels
        self.mean = HaarMean(type_in.rings)

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.type_in, SpinType):
            x = x[..., :1]  # the constant along gamma
        with torch.autocast(x.device.type, enabled=False):
            mean: Tensor = self.mean(x)
            return mean


class S2CNNFamily(LayerFamily[S2CNNStage]):
    """Spherical CNNs: features are functions on SO(3), convolutions products of spectra.

    Args:
        domain: a latitude-longitude grid.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.
        sampling: bandwidth of each feature's grid over its degree cut-off, at least 1; None takes
            what is needed. On the critical grid (1, as published) nonlinearities alias, and
            training finds the aliases useful (``experiments/s2cnn_aliasing``). The degrees below
            L of a feature make products of degrees below 2 L - 1; of these nothing falls on the
            degrees below L' that the next stage reads if the bandwidth is at least L - 1 + L' / 2.
            That is what None gives with ``product``; with the others it gives 1.5.
        max_order: largest frequency along gamma of every feature, of which a stage can keep fewer;
            None keeps all that the stages do. Frequency n
            along gamma is order n of a gauge feature: a feature cut at N holds, for each channel,
            the fields of orders 0 to N on the sphere, and costs in proportion to 2 N + 1. With
            ``product`` and few orders features are held as such fields (`SpinType`).
        nonlinearity: ``product`` (``x + x^2 / (2 sqrt(1 + mean x^2))``), ``relu``, ``gelu``,
            ``softplus`` or ``tanh``, at each point of the grid.
        grid: ``gauss_legendre``, half as many rings and as exact, or ``equiangular``, as published.

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
        normalisation: Normalisation = Normalisation.batch,
        sampling: float | None = None,
        max_order: int | None = None,
        nonlinearity: Nonlinearity = Nonlinearity.product,
        grid: Rings = Rings.gauss_legendre,
    ) -> None:
        super().__init__(domain, in_channels)
        if not isinstance(domain, LatLonGrid):
            title = getattr(domain, "title", type(domain).__name__)
            raise UserError(f"expected a lat_lon domain for method s2cnn, got {title}")
        options = S2CNNOptions(
            normalisation=normalisation,
            sampling=sampling,
            max_order=max_order,
            nonlinearity=nonlinearity,
            grid=grid,
        )
        self.lat_lon = domain
        self.bandwidth = domain.bandwidth
        self.nonlinearity = options.nonlinearity
        self.normalisation = options.normalisation
        self.grid = options.grid
        self.sampling = sampling
        self.max_order = max_order
        self.feature = self._feature()
        self._fitting: dict[object, int] = {}  # the largest batch that was found to fit

    def _feature(self) -> type[GroupType]:
        """What all features are."""
        if self.nonlinearity is not Nonlinearity.product:
            return SO3Type
        few = self.max_order is not None and self.max_order <= FEW_ORDERS
        return SpinType if few else ProductType

    def complete(
        self, stages: Sequence[S2CNNStage], readers: Sequence[Sequence[int]]
    ) -> list[S2CNNStage]:
        """Each stage with a grid as coarse as those that read its feature allow."""
        cutoffs: list[int] = []
        for stage in stages:
            before = cutoffs[-1] if cutoffs else self.bandwidth
            cutoffs.append(before if stage.bandwidth is None else stage.bandwidth)
        completed = []
        for stage, own, read_by in zip(stages, cutoffs, readers, strict=True):
            read = max((min(own, cutoffs[j]) for j in read_by), default=1)  # 1: the integral
            completed.append(replace(stage, sampling=self._sampling(stage, own, read)))
        return completed

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
            s2_kernel(stage),
            sampling_out=type_out.sampling,
            max_order=type_out.max_order,
            grid=self.grid,
            feature=self.feature,
        )
        layer = self._normalised(lift)
        layer.type_in = self.input_type  # the same numbers
        return layer

    def convolve(self, type_in: FeatureType, stage: S2CNNStage) -> Layer:
        type_in = on_group(type_in)
        type_out = self._stage_type(stage, type_in.bandwidth)
        convolution = SO3Conv(
            type_in.channels,
            stage.channels,
            type_in.bandwidth,
            type_out.bandwidth,
            so3_kernel(stage),
            sampling_in=type_in.sampling,
            sampling_out=type_out.sampling,
            max_order_in=type_in.max_order,
            max_order_out=type_out.max_order,
            grid=self.grid,
            feature=self.feature,
        )
        return self._normalised(convolution)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> Layer:
        type_in, type_out = on_group(type_in), on_group(type_out)
        return DegreeCut(type_in) if type_in == type_out else SO3Shortcut(type_in, type_out)

    def normalise(self, type_: FeatureType) -> Layer:
        """Nothing more: the convolutions normalise their spectra (`NormalisedConv`)."""
        return Identity(on_group(type_))

    def activate(self, type_: FeatureType) -> Layer:
        return activation(on_group(type_), self.nonlinearity)

    def project(self, type_in: FeatureType, channels: int, stage: S2CNNStage) -> Projection:
        type_in = on_group(type_in)
        bandwidth = self.bandwidth if stage.bandwidth is None else stage.bandwidth
        if bandwidth > self.bandwidth:
            raise UserError(
                f"expected the projection's bandwidth <= domain.bandwidth = {self.bandwidth}, "
                f"got {bandwidth}"
            )
        layer = SO3ToS2(
            type_in.channels,
            channels,
            type_in.bandwidth,
            bandwidth,
            so3_kernel(stage),
            sampling_in=type_in.sampling,
            sampling_out=self.bandwidth,
            max_order=type_in.max_order,
            grid=self.grid,
            feature=self.feature,
        )
        layer.type_out = SignalType(channels, self.lat_lon)  # the same numbers
        return layer

    def integrate(self, type_in: FeatureType) -> SO3Integral:
        return SO3Integral(on_group(type_in))

    def check_memory(
        self, types: Sequence[FeatureType], batch: int, keeps: bool, device: torch.device
    ) -> None:
        key = (tuple(types), keeps, device)
        if batch > self._fitting.get(key, 0):
            check_memory([measured(type_) for type_ in types], batch, keeps, device)
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

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry, self.sampling) or super().claim(layer, symmetry, listed)

    def _normalised(self, convolution: S2Conv | SO3Conv) -> Layer:
        batch = self.normalisation is Normalisation.batch
        return NormalisedConv(convolution) if batch else convolution

    def _stage_type(self, stage: S2CNNStage, bandwidth_in: int) -> GroupType:
        """The feature of a stage, its options completed by the family's."""
        bandwidth = bandwidth_in if stage.bandwidth is None else stage.bandwidth
        factor = self._sampling(stage, bandwidth, bandwidth)
        max_order = least_order(stage.max_order, self.max_order)
        sampling = math.ceil(factor * bandwidth - 1e-9)  # 1.1 * 10 is a little above 11
        return self.feature(stage.channels, bandwidth, sampling, max_order, self.grid)

    def _sampling(self, stage: S2CNNStage, bandwidth: int, read: int) -> float:
        """Bandwidth of a stage's grid over its cut-off, of which so many degrees are read."""
        given = self.sampling if stage.sampling is None else stage.sampling
        if given is None and self.nonlinearity is Nonlinearity.product:
            return (bandwidth - 1 + math.ceil(read / 2)) / bandwidth
        return SMOOTH_SAMPLING if given is None else given
