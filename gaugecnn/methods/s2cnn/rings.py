"""The rings of constant colatitude on which features on SO(3) are sampled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.stage import Rings
from gaugecnn.surfaces.lat_lon import quadrature_weights, soft_colatitudes


@dataclass(frozen=True)
class RingGrid:
    """The rings of a grid of bandwidth b, whose quadrature is exact below degree 2 b.

    Equiangular ones are 2 b, at ``beta_j = pi (2j + 1) / 4b`` (Kostelec & Rockmore 2008). Those of
    Gauss and Legendre are b, half as many: ``cos(beta_j)`` are the zeros of the Legendre polynomial
    of degree b. Both are symmetric about the equator, and none lies at a pole.

    Args:
        kind: where they lie.
        bandwidth: b; each ring has 2 b points along alpha.
    """

    kind: Rings
    bandwidth: int

    @classmethod
    def of_shape(cls, beta: int, alpha: int) -> RingGrid:
        """The grid of so many rings with so many points each.

        Raises:
            ValueError: there is no such grid.
        """
        if alpha % 2 == 0 and beta in (alpha, alpha // 2):
            kind = Rings.equiangular if beta == alpha else Rings.gauss_legendre
            return cls(kind, alpha // 2)
        raise ValueError(
            f"expected 2 b or b rings (beta) of 2 b points (alpha), got {beta} of {alpha}"
        )

    @property
    def count(self) -> int:
        """How many rings there are."""
        return self.bandwidth * (2 if self.kind is Rings.equiangular else 1)

    def colatitudes(self) -> Tensor:
        """The colatitudes in radians, ascending, ``(ring,)``, float64."""
        if self.kind is Rings.equiangular:
            return soft_colatitudes(self.bandwidth)
        nodes, _ = np.polynomial.legendre.leggauss(self.bandwidth)
        # half of beta and of pi - beta, so that rings mirror each other to the last bit
        right = torch.from_numpy(np.arccos(nodes[::-1].copy()))
        return (right + (math.pi - right.flip(0))) / 2

    def weights(self) -> Tensor:
        """The share of each ring in a mean over the sphere, ``(ring,)``, float64; they sum to 1."""
        if self.kind is Rings.equiangular:
            return 2 * self.bandwidth * quadrature_weights(self.bandwidth)
        _, weights = np.polynomial.legendre.leggauss(self.bandwidth)
        return torch.from_numpy((weights + weights[::-1]) / 4)
