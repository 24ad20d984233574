"""Distortions of pictures that turn nothing: the other augmentation, beside poses.

A place of the picture is moved by the gradient of a random function, ``x + grad f(x)``,

    f(x) = x^T S x / 2 - sum_w (a_w / |k_w|^2) cos(k_w . x + p_w),

so that the Jacobian ``1 + S + sum_w a_w cos(k_w . x + p_w) k_w k_w^T / |k_w|^2`` is symmetric: at
every point the picture is stretched or squeezed along two axes at right angles, and in no point is
it turned. An elastic distortion (Simard et al. 2003) smooths any random displacement, which turns
strokes as much as it stretches them; by this one a digit that stands upright stays so, and what a
network knows of rotations is still what was built into it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.data.poses import generator_of

WAVES = 8
"""Waves of a displacement; their wavelengths are half to one width of the picture."""

LINEAR = 3
"""Numbers of the symmetric matrix S."""


@dataclass(frozen=True)
class Distortions:
    """Random distortions, the same for the same seed.

    Args:
        strain: root mean square of the relative change of a length, over points, directions and
            pictures; half of its square is of S, half of the waves.
        copies: fixed distortions per picture; None for one fresh distortion per picture and epoch.
        seed: makes them reproducible.
    """

    strain: float
    copies: int | None
    seed: tuple[int, ...]

    def draw(self, count: int, epoch: int) -> Tensor:
        """Distortions of `count` pictures in an epoch, ``(count * copies, number)``, float32.

        The numbers are the three of S, then, of every wave, both parts of k, p and a.
        """
        generator = generator_of(self.seed, self.copies, epoch)
        total = count * (self.copies or 1)
        linear = torch.randn(total, LINEAR, generator=generator) * (self.strain / 2)
        uniform = torch.rand(3, total, WAVES, generator=generator)
        frequency, direction = math.pi * (1 + uniform[0]), 2 * math.pi * uniform[1]
        along = frequency * direction.cos(), frequency * direction.sin()
        height = torch.randn(total, WAVES, generator=generator) * self.strain
        waves = [*along, 2 * math.pi * uniform[2], height * math.sqrt(8 / (3 * WAVES))]
        return torch.cat([linear, torch.stack(waves, dim=-1).flatten(1)], dim=1)


def distorted(places: Tensor, distortion: Tensor) -> Tensor:
    """Where to read a distorted picture.

    Args:
        places: in the picture, in [-1, 1]^2, ``(batch, *point axes, (column, row))``; NaN stays.
        distortion: of `Distortions.draw`, ``(batch, number)``.

    Returns:
        the places in the picture as it was, as `places`.
    """
    distortion = distortion.to(places)
    x = places.flatten(1, -2)  # (batch, point, (column, row))
    mean, difference, shear = distortion[:, :LINEAR].unbind(dim=1)
    entries = torch.stack([mean + difference, shear, shear, mean - difference], dim=1)
    waves = distortion[:, LINEAR:].unflatten(1, (WAVES, 4))  # (batch, wave, (k, k, p, a))
    k, phase, height = waves[..., :2], waves[:, None, :, 2], waves[:, :, 3:]
    sines = torch.sin(x @ k.mT + phase)  # (batch, point, wave)
    moved = x + x @ entries.unflatten(1, (2, 2)) + sines @ (height * k / k.square().sum(-1, True))
    return moved.view_as(places)
