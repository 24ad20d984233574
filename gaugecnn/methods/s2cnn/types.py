"""The types of S2CNN features: signals on the sphere and on SO(3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.surfaces.lat_lon import LatLonGrid, soft_colatitudes
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

    Raises:
        ValueError: the grid is coarser than the cut-off, or an order or size is out of range.
    """

    channels: int
    bandwidth: int
    sampling: int
    max_order: int | None = None

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
    def gamma_points(self) -> int:
        """Points along gamma: even, ``2 (order + 1)`` or more in the proportion of the sampling."""
        return 2 * math.ceil((self.order + 1) * self.sampling / self.bandwidth)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, 2 * self.sampling, 2 * self.sampling, self.gamma_points)

    @property
    def grid(self) -> object:
        return (self.sampling, self.gamma_points)

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        """``(L_R f)(Q) = f(R^-1 Q)``, by the Euler angles of each turned point of the grid."""
        rotation = _rotation(symmetry, self)
        matrix = tuple(rotation.matrix.double().flatten().tolist())
        index = _turned_points(matrix, self.sampling, self.gamma_points).to(feature.device)
        return feature.flatten(2)[:, :, index].unflatten(2, self.shape[1:])

    def __str__(self) -> str:
        order = "" if self.max_order is None else f", order<={self.order}"
        return f"{self.channels} x SO3(degree<{self.bandwidth}{order}, sampling {self.sampling})"


def _rotation(symmetry: Symmetry, type_: FeatureType) -> Rotation:
    if not isinstance(symmetry, Rotation):
        raise ValueError(f"expected a Rotation to act on {type_}, got {symmetry.name}")
    return symmetry


@lru_cache(maxsize=32)
def _turned_points(matrix: tuple[float, ...], sampling: int, gamma_points: int) -> Tensor:
    """The index of ``R^-1 Q`` for each Q of the grid, ``(beta alpha gamma,)``.

    Raises:
        ValueError: the rotation does not carry the grid onto itself.
    """
    size = 2 * sampling
    rotation = torch.tensor(matrix, dtype=torch.float64).view(3, 3)
    alpha = 2 * math.pi * torch.arange(size, dtype=torch.float64) / size
    gamma = 2 * math.pi * torch.arange(gamma_points, dtype=torch.float64) / gamma_points
    beta, alpha, gamma = torch.meshgrid(soft_colatitudes(sampling), alpha, gamma, indexing="ij")
    turned = rotation.T @ rotation_matrix(alpha, beta, gamma)  # (beta, alpha, gamma, 3, 3)
    new_alpha, new_beta, new_gamma = euler_angles(turned)
    places = [
        (new_beta * 2 * size / math.pi - 1) / 2,
        new_alpha * size / (2 * math.pi),
        new_gamma * gamma_points / (2 * math.pi),
    ]
    error = max(float((place - place.round()).abs().max()) for place in places)
    if error > 1e-5:
        raise ValueError(
            f"expected a rotation that permutes the SO(3) grid of bandwidth {sampling} with "
            f"{gamma_points} gamma points; this one misses it by up to {error:.2g} of a step"
        )
    j, k, q = (place.round().long() for place in places)
    index = (j * size + k % size) * gamma_points + q % gamma_points
    return index.flatten()
