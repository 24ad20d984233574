"""The types of S2CNN features: signals on the sphere and on SO(3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.methods.s2cnn.rings import RingGrid, Rings
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
class SO3Type(FeatureType):
    """Signals on SO(3), ``(channel, beta, alpha, gamma)``.

    Args:
        channels: channels of the feature.
        bandwidth: its degree cut-off, l < bandwidth.
        sampling: bandwidth of the grid on which it and its nonlinearity live.
        max_order: largest frequency along gamma, or None for all that the degrees have.
        kind: where the rings of the grid lie.

    Raises:
        ValueError: the grid is coarser than the cut-off, or an order or size is out of range.
    """

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
    def gamma_points(self) -> int:
        """Points along gamma, an even number.

        On Gauss-Legendre rings just those with which a product of two orders up to M falls on none
        that the same degrees keep: b rings keep degrees below ``L' = 2 (b - L + 1)`` clean, which
        have orders below L', so that ``2 M + 1 + min(M, L' - 1)`` points do. On equiangular ones
        ``2 (M + 1)`` in the proportion of the sampling, which is no fewer.
        """
        needed = 2 * self.order + 1 + min(self.order, 2 * (self.sampling - self.bandwidth) + 1)
        if self.kind is Rings.equiangular:
            needed = max(needed, 2 * math.ceil((self.order + 1) * self.sampling / self.bandwidth))
        return max(2, needed + needed % 2)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, self.rings.count, 2 * self.sampling, self.gamma_points)

    @property
    def grid(self) -> object:
        return (self.rings, self.gamma_points)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_R f)(Q) = f(R^-1 Q)``, by the Euler angles of each turned point of the grid."""
        rotation = _rotation(symmetry, self)
        matrix = tuple(rotation.matrix.double().flatten().tolist())
        index = _turned_points(matrix, self.rings, self.gamma_points).to(feature.device)
        return feature.flatten(2)[:, :, index].unflatten(2, self.shape[1:])

    def __str__(self) -> str:
        order = "" if self.max_order is None else f", order<={self.order}"
        rings = "" if self.kind is Rings.equiangular else f" {self.kind}"
        grid = f"sampling {self.sampling}{rings}"
        return f"{self.channels} x SO3(degree<{self.bandwidth}{order}, {grid})"


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
