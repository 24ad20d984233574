"""Functions of space that the operators are tried on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from e3nn import o3

from gaugecnn.geometry.arrays import Array


@dataclass(frozen=True)
class Harmonic:
    """A random harmonic on the unit sphere, where every isotropic kernel has it as eigenfunction.

    Args:
        degree: l; its wavelength is ``2 pi / sqrt(l (l + 1))``.
    """

    degree: int

    @property
    def name(self) -> str:
        """What to call it in the table."""
        return f"harmonic {self.degree}"

    def values(self, points: Array) -> Array:
        """``(..., xyz) -> (...)``."""
        generator = torch.Generator().manual_seed(self.degree)
        weights = torch.randn(2 * self.degree + 1, generator=generator, dtype=torch.float64)
        field = o3.spherical_harmonics(self.degree, torch.from_numpy(points), normalize=True)
        return (field.double() @ weights).numpy()


@dataclass(frozen=True)
class Waves:
    """Plane waves of space in random directions, seen on any surface.

    Args:
        length: of all of them.
        count: how many.
    """

    length: float
    count: int = 6

    @property
    def name(self) -> str:
        """What to call it in the table."""
        return f"wavelength {self.length:g}"

    def values(self, points: Array) -> Array:
        """``(..., xyz) -> (...)``."""
        random = np.random.default_rng(0)
        vectors = random.standard_normal((self.count, 3))
        vectors *= 2 * np.pi / self.length / np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.cos(points @ vectors.T + random.uniform(0, 2 * np.pi, self.count)).sum(axis=-1)


@dataclass(frozen=True)
class ShortWaves:
    """Plane waves a few edges long, as features behind a nonlinearity have them.

    Args:
        edges: their length in mean edges.
        mean_edge: of the mesh.
    """

    edges: float
    mean_edge: float

    @property
    def name(self) -> str:
        """What to call it in the table."""
        return f"waves of {self.edges:g} edges"

    def values(self, points: Array) -> Array:
        """``(..., xyz) -> (...)``."""
        return Waves(self.edges * self.mean_edge).values(points)


Function = Harmonic | Waves | ShortWaves
