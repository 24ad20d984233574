"""The types of S2CNN features: signals on the sphere and on SO(3)."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.methods.s2cnn.along_gamma import Samples, Waves
from gaugecnn.methods.s2cnn.rings import RingGrid, Rings
from gaugecnn.ops.products import circle_waves
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import euler_angles, rotation_matrix
from gaugecnn.surfaces.symmetry import Rotation, Symmetry


@dataclass(frozen=True)
class S2Type(FeatureType):
    """Signals on the sphere, ``(channel, beta, alpha)``.

    Args:
        channels: channels of the signal.
        bandwidth: bandwidth of the grid.
    """

    channels: int
    bandwidth: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, 2 * self.bandwidth, 2 * self.bandwidth)

    @property
    def grid(self) -> object:
        return (self.bandwidth,)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_R f)(x) = f(R^-1 x)``, by the index of each turned point of the grid."""
        rotation = _rotation(symmetry, self)
        index = LatLonGrid(self.bandwidth).permutation(rotation.matrix).to(feature.device)
        return feature.flatten(2)[:, :, index].unflatten(2, self.shape[1:])

    def __str__(self) -> str:
        return f"{self.channels} x S2(bandwidth {self.bandwidth})"


@dataclass(frozen=True)
class GroupType(FeatureType):
    """Functions on SO(3), cut off in degree and in order along gamma.

    Args:
        channels: channels of the feature.
        bandwidth: its degree cut-off, l < bandwidth.
        sampling: bandwidth of the grid on which it and its nonlinearity live.
        max_order: largest frequency along gamma, or None for all that the degrees have.
        kind: where the rings of the grid lie.

    Raises:
        ValueError: the grid is coarser than the cut-off, or an order or size is out of range.
    """

    name: ClassVar[str]

    channels: int
    bandwidth: int
    sampling: int
    max_order: int | None = None
    kind: Rings = Rings.equiangular

    def __post_init__(self) -> None:
        if not 1 <= self.bandwidth <= self.sampling:
            raise ValueError(
                f"expected 1 <= bandwidth (degree cut-off) <= sampling (bandwidth of the grid), "
                f"got bandwidth={self.bandwidth}, sampling={self.sampling}"
            )
        if self.max_order is not None and self.max_order < 0:
            raise ValueError(f"expected max_order >= 0 or None, got {self.max_order}")

    @property
    def order(self) -> int:
        """The largest order n that the feature has."""
        top = self.bandwidth - 1
        return top if self.max_order is None else min(self.max_order, top)

    @property
    def rings(self) -> RingGrid:
        """The colatitudes of the grid and their weights."""
        return RingGrid(self.kind, self.sampling)

    @property
    @abstractmethod
    def along_gamma(self) -> Samples | Waves:
        """What the last axis holds."""

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, self.rings.count, 2 * self.sampling, self.along_gamma.count)

    @property
    def grid(self) -> object:
        return (self.rings, self.along_gamma)

    def __str__(self) -> str:
        order = "" if self.max_order is None else f", order<={self.order}"
        rings = "" if self.kind is Rings.equiangular else f" {self.kind}"
        return (
            f"{self.channels} x {self.name}(degree<{self.bandwidth}{order}, "
            f"sampling {self.sampling}{rings})"
        )


@dataclass(frozen=True)
class SO3Type(GroupType):
    """Values on SO(3), ``(channel, beta, alpha, gamma)``."""

    name = "SO3"

    @property
    def gamma_points(self) -> int:
        """Points along gamma, an even number: as many for each order as along beta and alpha.

        A function of the values makes orders as it makes degrees, so that ``2 (M + 1)`` points, for
        orders up to M, are refined in the proportion of the sampling; and there are no fewer than
        products need.
        """
        finer = 2 * math.ceil((self.order + 1) * self.sampling / self.bandwidth)
        return max(finer, self._for_products)

    @property
    def _for_products(self) -> int:
        """Points with which a product of two orders falls on none that the same degrees keep.

        With orders up to M, b rings of Gauss and Legendre keep degrees below ``L' = 2 (b - L + 1)``
        clean, which have orders below L', so that ``2 M + 1 + min(M, L' - 1)`` points do.
        """
        needed = 2 * self.order + 1 + min(self.order, 2 * (self.sampling - self.bandwidth) + 1)
        return max(2, needed + needed % 2)

    @property
    def along_gamma(self) -> Samples:
        return Samples(self.gamma_points)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_R f)(Q) = f(R^-1 Q)``, by the Euler angles of each turned point of the grid."""
        return _turned(feature, symmetry, self)


@dataclass(frozen=True)
class ProductType(SO3Type):
    """The same, its values on Gauss-Legendre rings met by products alone: just enough points."""

    @property
    def gamma_points(self) -> int:
        if self.kind is Rings.equiangular:
            return super().gamma_points
        return self._for_products


@dataclass(frozen=True)
class SpinType(GroupType):
    """The same in the waves of gamma, ``(channel, beta, alpha, wave)``.

    At each point of the sphere the components in 1, sqrt(2) cos(n gamma), sqrt(2) sin(n gamma),
    n = 1 .. max_order, each cosine before its sine: a spin-weighted function of weight n for each n
    (Esteves et al. 2020). For few orders there are fewer waves than points, and products of two
    functions need no points: no wave falls on another one.
    """

    name = "Spin"

    @property
    def along_gamma(self) -> Waves:
        return Waves(self.order)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_R f)(Q) = f(R^-1 Q)``, at points along gamma as many as turns of the grid need."""
        samples = Samples(2 * self.order + 2)
        waves = circle_waves(self.order, samples.count).to(feature)  # (wave, gamma)
        turned = _turned(feature @ waves, symmetry, self)
        return turned @ waves.T / samples.count


def on_group(type_: FeatureType) -> GroupType:
    """`type_` itself, once it is known to live on SO(3).

    Raises:
        TypeError: it lives elsewhere.
    """
    if not isinstance(type_, GroupType):
        raise TypeError(f"expected a feature of SO3Type or SpinType, got {type_}")
    return type_


def _turned(feature: Tensor, symmetry: Symmetry, type_: GroupType) -> Tensor:
    """A feature ``(batch, channel, beta, alpha, gamma)`` under a rotation of its grid."""
    rotation = _rotation(symmetry, type_)
    matrix = tuple(rotation.matrix.double().flatten().tolist())
    index = _turned_points(matrix, type_.rings, feature.shape[-1]).to(feature.device)
    return feature.flatten(2)[:, :, index].unflatten(2, feature.shape[2:])


def _rotation(symmetry: Symmetry, type_: FeatureType) -> Rotation:
    if not isinstance(symmetry, Rotation):
        raise ValueError(f"expected a Rotation to act on {type_}, got {symmetry.name}")
    return symmetry


@lru_cache(maxsize=32)
def _turned_points(matrix: tuple[float, ...], rings: RingGrid, gamma_points: int) -> Tensor:
    """The index of ``R^-1 Q`` for each Q of the grid, ``(beta alpha gamma,)``.

    Raises:
        ValueError: the rotation does not carry the grid onto itself.
    """
    size, betas = 2 * rings.bandwidth, rings.colatitudes()
    rotation = torch.tensor(matrix, dtype=torch.float64).view(3, 3)
    alpha = 2 * math.pi * torch.arange(size, dtype=torch.float64) / size
    gamma = 2 * math.pi * torch.arange(gamma_points, dtype=torch.float64) / gamma_points
    beta, alpha, gamma = torch.meshgrid(betas, alpha, gamma, indexing="ij")
    turned = rotation.T @ rotation_matrix(alpha, beta, gamma)  # (beta, alpha, gamma, 3, 3)
    new_alpha, new_beta, new_gamma = euler_angles(turned)
    j = torch.bucketize(new_beta, (betas[1:] + betas[:-1]) / 2)  # the nearest ring
    k, q = new_alpha * size / (2 * math.pi), new_gamma * gamma_points / (2 * math.pi)
    errors = [(new_beta - betas[j]) * size / math.pi, k - k.round(), q - q.round()]
    error = max(float(e.abs().max()) for e in errors)
    if error > 1e-5:
        raise ValueError(
            f"expected a rotation that permutes the SO(3) grid of {rings.count} rings with {size} "
            f"alpha and {gamma_points} gamma points; this one misses it by up to {error:.2g} of a "
            "step"
        )
    k, q = k.round().long() % size, q.round().long() % gamma_points
    return ((j * size + k) * gamma_points + q).flatten()
