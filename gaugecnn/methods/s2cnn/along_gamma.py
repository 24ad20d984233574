"""What the last axis of a feature on SO(3) holds: values along gamma, or components in waves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Samples:
    """Values at evenly spaced angles gamma; one on the sphere."""

    count: int


@dataclass(frozen=True)
class Waves:
    """Components in 1, sqrt(2) cos(n gamma), sqrt(2) sin(n gamma), n = 1 .. max_order."""

    max_order: int

    @property
    def count(self) -> int:
        """How many waves there are."""
        return 2 * self.max_order + 1


def spin_waves(max_order: int, points: int) -> Tensor:
    """The orthonormal waves of `Waves` at evenly spaced angles, ``(wave, gamma)``, float64."""
    gamma = 2 * math.pi * torch.arange(points, dtype=torch.float64) / points
    found = [torch.ones_like(gamma)]
    for n in range(1, max_order + 1):
        found += [math.sqrt(2) * torch.cos(n * gamma), math.sqrt(2) * torch.sin(n * gamma)]
    return torch.stack(found)
