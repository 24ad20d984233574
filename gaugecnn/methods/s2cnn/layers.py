"""Convolutions between signals on the sphere and on SO(3).

All three multiply spectra degree by degree, ``z^l_mn = sum_ck x^l_mk conj(y^l_nk)``; on the sphere
only k = 0 exists, and towards the sphere n is summed beforehand.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer, Projection
from gaugecnn.methods.s2cnn.along_gamma import Samples
from gaugecnn.methods.s2cnn.grids import Grid
from gaugecnn.methods.s2cnn.memory import check_tables
from gaugecnn.methods.s2cnn.rings import RingGrid, Rings
from gaugecnn.methods.s2cnn.spectral.fourier import Analysis, Synthesis, as_stored
from gaugecnn.methods.s2cnn.spectral.fourier_grid import FourierGrid, fourier_grid
from gaugecnn.methods.s2cnn.spectral.kernels import (
    CollapsedKernelTable,
    DenseKernel,
    RingKernel,
    S2KernelTable,
    as_points,
)
from gaugecnn.methods.s2cnn.spectral.product import SpectralProduct
from gaugecnn.methods.s2cnn.spectral.spectrum import add_constant
from gaugecnn.methods.s2cnn.types import GroupType, S2Type, SO3Type


class GroupConv(Layer, ABC):
    """A convolution that gives a feature on SO(3): a spectrum, and then its samples."""

    product: SpectralProduct
    synthesis: Synthesis
    bias: nn.Parameter

    @property
    def out_channels(self) -> int:
        """Channels of the feature."""
        return self.bias.shape[1]

    @abstractmethod
    def spectrum(self, x: Tensor) -> list[Tensor]:
        """The product, in parts ``(degree, m, cos/sin, batch, N, out)``, before the bias."""

    def signal(self, parts: list[Tensor]) -> Tensor:
        """The parts of a spectrum with the bias, ``(batch, out, beta, alpha, gamma)``."""
        return _sampled(parts, self.bias, self.synthesis)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return self.signal(self.spectrum(x))


class S2Conv(GroupConv):
    """Correlation of a signal on the sphere with a kernel on the sphere, giving one on SO(3).

    ``z^l_mn = x^l_m conj(y^l_n)``, ``y^l_n = 2 b_out sum_g k_g e^{-i n alpha_g} d^l_n0(beta_g)``,
    for degrees below min(b_in, b_out). ``(batch, in, beta, alpha)`` to
    ``(batch, out, beta, alpha, gamma)``.

    Args:
        in_channels: channels of the signal.
        out_channels: channels of the feature.
        bandwidth_in: degree cut-off of the signal.
        bandwidth_out: degree cut-off of the feature.
        kernel_grid: points of the kernel ``(point, 2)``, columns (beta, alpha).
        sampling_in: bandwidth of the grid of the signal, by default its cut-off.
        sampling_out: bandwidth of the grid of the feature, by default its cut-off.
        max_order: largest order along gamma of the feature; None keeps all.
        grid: where the rings of the feature lie; those of the signal are equiangular.
        feature: `SO3Type`, values along gamma, or `SpinType`, waves.

    Source: Cohen et al. 2018, equations (4) and (8) and published code for the scales.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        bandwidth_in: int,
        bandwidth_out: int,
        kernel_grid: Grid,
        *,
        sampling_in: int | None = None,
        sampling_out: int | None = None,
        max_order: int | None = None,
        grid: Rings = Rings.equiangular,
        feature: type[GroupType] = SO3Type,
    ) -> None:
        sampling_in = bandwidth_in if sampling_in is None else sampling_in
        sampling_out = bandwidth_out if sampling_out is None else sampling_out
        type_out = feature(out_channels, bandwidth_out, sampling_out, max_order, grid)
        super().__init__(S2Type(in_channels, sampling_in), type_out)
        _check_grid(kernel_grid, ("beta", "alpha"))
        check_tables(S2Type(in_channels, sampling_in), type_out)
        cutoff = min(bandwidth_in, bandwidth_out)
        order = min(type_out.order, cutoff - 1)
        self.scale = 1 / math.sqrt(
            len(kernel_grid) * in_channels * bandwidth_out**4 / bandwidth_in**2
        )
        self.analysis = Analysis(FourierGrid(cutoff, 0, sampling_in, Samples(1)))
        table = S2KernelTable(as_points(kernel_grid), cutoff, order, bandwidth_out)
        self.product = SpectralProduct(DenseKernel(table), cutoff)
        self.synthesis = Synthesis(fourier_grid(type_out, cutoff))
        self.kernel = nn.Parameter(_uniform(in_channels, out_channels, len(kernel_grid)))
        self.bias = nn.Parameter(torch.zeros(1, out_channels, 1, 1, 1))

    def spectrum(self, x: Tensor) -> list[Tensor]:
        parts = self.analysis(x.unsqueeze(-1))  # with k = 0 only
        return self.product(parts, self.kernel, self.scale)


class SO3Conv(GroupConv):
    """Correlation of a feature on SO(3) with a kernel on SO(3).

    ``z^l_mn = sum_k x^l_mk conj(y^l_nk)``,
    ``y^l_nk = sum_g k_g e^{-i n alpha_g} e^{-i k gamma_g} d^l_nk(beta_g)``, for degrees below
    min(b_in, b_out). ``(batch, in, beta, alpha, gamma)`` to ``(batch, out, beta, alpha, gamma)``.

    Args:
        in_channels: channels of the feature that comes in.
        out_channels: channels of the feature that goes out.
        bandwidth_in: degree cut-off of the feature that comes in.
        bandwidth_out: degree cut-off of the feature that goes out.
        kernel_grid: points of the kernel ``(point, 3)``, columns (beta, alpha, gamma).
        sampling_in: bandwidth of the grid that comes in, by default its cut-off.
        sampling_out: bandwidth of the grid that goes out, by default its cut-off.
        max_order_in: largest order along gamma of what comes in; None for all.
        max_order_out: largest order along gamma of what goes out; None keeps all.
        grid: where the rings of both features lie.
        feature: `SO3Type`, values along gamma, or `SpinType`, waves, for both.

    Source: Cohen et al. 2018, equations (6) and (8) and published code for the scales.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        bandwidth_in: int,
        bandwidth_out: int,
        kernel_grid: Grid,
        *,
        sampling_in: int | None = None,
        sampling_out: int | None = None,
        max_order_in: int | None = None,
        max_order_out: int | None = None,
        grid: Rings = Rings.equiangular,
        feature: type[GroupType] = SO3Type,
    ) -> None:
        sampling_in = bandwidth_in if sampling_in is None else sampling_in
        sampling_out = bandwidth_out if sampling_out is None else sampling_out
        type_in = feature(in_channels, bandwidth_in, sampling_in, max_order_in, grid)
        type_out = feature(out_channels, bandwidth_out, sampling_out, max_order_out, grid)
        super().__init__(type_in, type_out)
        _check_grid(kernel_grid, ("beta", "alpha", "gamma"))
        check_tables(type_in, type_out)
        cutoff = min(bandwidth_in, bandwidth_out)
        order_in, order_out = (min(t.order, cutoff - 1) for t in (type_in, type_out))
        self.scale = _so3_scale(len(kernel_grid), in_channels, bandwidth_in, bandwidth_out)
        self.analysis = Analysis(fourier_grid(type_in, cutoff))
        spectrum = RingKernel(as_points(kernel_grid), cutoff, order_in, order_out)
        self.product = SpectralProduct(spectrum, cutoff)
        self.synthesis = Synthesis(fourier_grid(type_out, cutoff))
        self.kernel = nn.Parameter(_uniform(in_channels, out_channels, len(kernel_grid)))
        self.bias = nn.Parameter(torch.zeros(1, out_channels, 1, 1, 1))

    def spectrum(self, x: Tensor) -> list[Tensor]:
        return self.product(self.analysis(x), self.kernel, self.scale)


class SO3ToS2(Projection):
    """Correlation of a feature on SO(3) with a kernel on SO(3), giving a signal on the sphere.

    ``z^l_m = sum_{even n} sum_k x^l_mk conj(y^l_nk)`` with the kernel spectrum of `SO3Conv`; the
    sum over n is taken in the kernel, before the channels are mixed.
    ``(batch, in, beta, alpha, gamma)`` to ``(batch, out, beta, alpha)``.

    Args:
        in_channels: channels of the feature.
        out_channels: channels of the signal.
        bandwidth_in: degree cut-off of the feature.
        bandwidth_out: degree cut-off of the signal.
        kernel_grid: points of the kernel ``(point, 3)``, columns (beta, alpha, gamma).
        sampling_in: bandwidth of the grid of the feature, by default its cut-off.
        sampling_out: bandwidth of the grid of the signal, by default its cut-off.
        max_order: largest order along gamma of the feature; None for all.
        grid: where the rings of the feature lie; those of the signal are equiangular.
        feature: `SO3Type`, values along gamma, or `SpinType`, waves.

    Source: Gerken et al. 2022, the output layer of the segmentation network.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        bandwidth_in: int,
        bandwidth_out: int,
        kernel_grid: Grid,
        *,
        sampling_in: int | None = None,
        sampling_out: int | None = None,
        max_order: int | None = None,
        grid: Rings = Rings.equiangular,
        feature: type[GroupType] = SO3Type,
    ) -> None:
        sampling_in = bandwidth_in if sampling_in is None else sampling_in
        sampling_out = bandwidth_out if sampling_out is None else sampling_out
        _check_grid(kernel_grid, ("beta", "alpha", "gamma"))
        type_in = feature(in_channels, bandwidth_in, sampling_in, max_order, grid)
        type_out = S2Type(out_channels, sampling_out)
        super().__init__(type_in, type_out)
        check_tables(type_in, type_out)
        self.bandwidth_out, self.sampling_out = bandwidth_out, sampling_out
        cutoff = min(bandwidth_in, bandwidth_out)
        order = min(type_in.order, cutoff - 1)
        self.scale = _so3_scale(len(kernel_grid), in_channels, bandwidth_in, bandwidth_out)
        self.analysis = Analysis(fourier_grid(type_in, cutoff))
        table = CollapsedKernelTable(as_points(kernel_grid), cutoff, order)
        self.product = SpectralProduct(DenseKernel(table), cutoff)
        self.synthesis = Synthesis(FourierGrid(cutoff, 0, sampling_out, Samples(1)))
        self.kernel = nn.Parameter(_uniform(in_channels, out_channels, len(kernel_grid)))
        self.bias = nn.Parameter(torch.zeros(1, out_channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            parts = self.product(self.analysis(x), self.kernel, self.scale)
            x = _sampled(parts, self.bias, self.synthesis)
            return x.squeeze(-1).contiguous()  # (batch, out, beta, alpha)


def so3_integrate(x: Tensor) -> Tensor:
    """The mean over SO(3) in the Haar measure, ``sum_j w_j x``, w_j the quadrature weights.

    Args:
        x: ``(batch, channel, beta, alpha, gamma)``.

    Returns:
        ``(batch, channel)``.

    Source: Cohen et al. 2018, section 5.
    """
    weights = RingGrid.of_shape(*x.shape[2:4]).weights().to(x)  # (beta,), sum to 1
    return as_stored(x).mean((0, 1)) @ weights  # (batch, channel, beta) -> (batch, channel)


def _sampled(parts: list[Tensor], bias: Tensor, synthesis: Synthesis) -> Tensor:
    """The feature of the parts of a spectrum, plus the bias, whose spectrum is one number."""
    parts = add_constant(parts, bias.flatten().to(parts[0].dtype))
    signal: Tensor = synthesis(parts)
    return signal


def _uniform(*shape: int) -> Tensor:
    return torch.empty(shape).uniform_(-1, 1)


def _so3_scale(points: int, channels: int, bandwidth_in: int, bandwidth_out: int) -> float:
    return 1 / math.sqrt(points * channels * bandwidth_out**3 / bandwidth_in**3)


def _check_grid(grid: Grid, columns: tuple[str, ...]) -> None:
    if grid.ndim != 2 or len(grid) == 0 or grid.shape[1] != len(columns):
        raise ValueError(
            f"expected a kernel grid (point, {len(columns)}) with columns ({', '.join(columns)}), "
            f"got shape {tuple(grid.shape)}"
        )
