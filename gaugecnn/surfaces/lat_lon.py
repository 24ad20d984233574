"""The latitude-longitude grid of the sphere and its exact quadrature."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gaugecnn.domain_options import check_bandwidth
from gaugecnn.surfaces.domain import SphereDomain
from gaugecnn.surfaces.rotations import points_from_angles
from gaugecnn.surfaces.symmetry import (
    Reflection,
    Rotation,
    Symmetry,
    half_turn_about_x,
    reflection_of_x,
    step_about_z,
)


def soft_colatitudes(bandwidth: int) -> Tensor:
    """The colatitudes ``beta_j = pi (2j + 1) / 4b`` in radians, ``(2b,)``, float64.

    Source: Kostelec & Rockmore 2008, the SOFT grid.
    """
    j = torch.arange(2 * bandwidth, dtype=torch.float64)
    return math.pi * (2 * j + 1) / (4 * bandwidth)


def quadrature_weights(bandwidth: int) -> Tensor:
    """The weight of each point of the grid, by its colatitude, ``(2b,)``, float64.

    ``w_j = sin(beta_j) / (2 b^2) * sum_{k < b} sin((2k + 1) beta_j) / (2k + 1)``; the mean of a
    signal over the sphere is ``sum_jk w_j f(beta_j, alpha_k)``, exact below degree ``2b``.

    Source: Driscoll & Healy 1994, at the colatitudes of Kostelec & Rockmore 2008.
    """
    beta = soft_colatitudes(bandwidth)
    odd = 2 * torch.arange(bandwidth, dtype=torch.float64) + 1
    series = (torch.sin(beta[:, None] * odd) / odd).sum(1)  # (beta, odd) -> (beta,)
    return torch.sin(beta) * series / (2 * bandwidth**2)


class LatLonGrid(SphereDomain):
    """The SOFT grid: ``beta_j = pi (2j + 1) / 4b``, ``alpha_k = 2 pi k / 2b``; no point at a pole.

    Args:
        bandwidth: b >= 1; functions of degrees below b are sampled without loss on its
            ``(2b, 2b)`` points, axes ``(beta, alpha)``.

    Raises:
        UserError: the bandwidth is not a positive integer.

    Source: Kostelec & Rockmore 2008.
    """

    def __init__(self, bandwidth: int) -> None:
        check_bandwidth(bandwidth)
        self.bandwidth = bandwidth
        size = 2 * bandwidth
        alpha = 2 * math.pi * torch.arange(size, dtype=torch.float64) / size
        beta, alpha = torch.meshgrid(soft_colatitudes(bandwidth), alpha, indexing="ij")
        areas = 4 * math.pi * quadrature_weights(bandwidth)
        super().__init__(
            (size, size),
            points_from_angles(beta, alpha).flatten(0, 1),  # (beta, alpha, xyz) -> (point, xyz)
            areas[:, None].expand(size, size).flatten(),  # (beta, alpha) -> (point,)
        )

    @property
    def title(self) -> str:
        return f"lat_lon(bandwidth={self.bandwidth})"

    def symmetries(self) -> list[Symmetry]:
        """Those that generate all of the grid: a step and a half turn, and a reflection."""
        return grid_symmetries(self, 2 * self.bandwidth)


def grid_symmetries(domain: SphereDomain, columns: int) -> list[Symmetry]:
    """Those that generate all isometries of a grid of rows and columns with no point at a pole."""
    return [
        Rotation("one step about z", step_about_z(columns), domain),
        Rotation("half turn about x", half_turn_about_x(), domain),
        Reflection("reflection of x", reflection_of_x(), domain),
    ]
