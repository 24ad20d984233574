"""Data sets in poses: the same for the same seed, fresh every epoch where that is asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import Domain, PoseDistribution

RawT = TypeVar("RawT", covariant=True)


@dataclass(frozen=True)
class NormalAngles:
    """Angles about one axis, normally distributed.

    Args:
        mean: in degrees.
        spread: their standard deviation in degrees; 0 turns all samples by the mean.
    """

    mean: float
    spread: float

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Angles in radians, ``(count,)``, float64."""
        normal = torch.randn(count, generator=generator, dtype=torch.float64)
        return torch.deg2rad(self.mean + self.spread * normal)


def generator_of(seed: tuple[int, ...], copies: int | None, epoch: int) -> torch.Generator:
    """What an epoch is drawn by; the same for all of them where samples have fixed copies."""
    state = np.random.SeedSequence([*seed, epoch if copies is None else 0])
    return torch.Generator().manual_seed(int(state.generate_state(1, np.uint64)[0] >> 1))


@dataclass(frozen=True)
class Poses:
    """Which poses a data set shows.

    Args:
        rotation: the distribution of poses.
        copies: fixed poses per sample; None for one fresh pose per sample and epoch.
        seed: makes them reproducible.
        angles: of ``rotation=z``; None for all angles alike.
    """

    rotation: PoseDistribution
    copies: int | None
    seed: tuple[int, ...]
    angles: NormalAngles | None = None

    def __post_init__(self) -> None:
        if self.copies is not None and self.copies < 1:
            raise UserError(f"expected data.copies >= 1 or null, got {self.copies}")

    def draw(self, domain: Domain, count: int, epoch: int) -> Tensor:
        """Poses of `count` samples in an epoch, ``(count * copies, *pose axes)``."""
        generator = generator_of(self.seed, self.copies, epoch)
        total = count * (self.copies or 1)
        if self.angles is not None:
            return domain.turned_poses(self.angles.draw(total, generator))
        return domain.sample_poses(total, self.rotation, generator)


class OncePerEpoch:
    """What is drawn for an epoch, kept until another epoch is asked for.

    Args:
        draw: from an epoch to what is drawn for it, one row per sample and copy.
    """

    def __init__(self, draw: Callable[[int], Tensor]) -> None:
        self._draw = draw
        self._kept: tuple[int, Tensor] | None = None

    def __call__(self, epoch: int) -> Tensor:
        if self._kept is None or self._kept[0] != epoch:
            self._kept = epoch, self._draw(epoch)
        return self._kept[1]


class PosedDataset(Dataset[RawT], Generic[RawT]):
    """Samples in poses, read a batch at a time: ``dataset[epoch, indices]``.

    Args:
        count: how many samples there are.
        domain: whose poses are drawn.
        poses: which ones.
    """

    def __init__(self, count: int, domain: Domain, poses: Poses) -> None:
        self.count = count
        self.domain = domain
        self.poses = poses
        self._poses_of = OncePerEpoch(self.draw)

    def __len__(self) -> int:
        return self.count * (self.poses.copies or 1)

    def __getitem__(self, key: tuple[int, Tensor]) -> RawT:
        epoch, index = key
        return self.read(index % self.count, self._poses_of(epoch)[index])

    def in_poses(self, rotation: PoseDistribution) -> Self:
        """The same samples in other poses."""
        other = copy(self)
        other.poses = replace(self.poses, rotation=rotation, angles=None)
        other._poses_of = OncePerEpoch(other.draw)
        return other

    def draw(self, epoch: int) -> Tensor:
        """The poses of an epoch, ``(sample and copy, *pose axes)``."""
        return self.poses.draw(self.domain, self.count, epoch)

    @abstractmethod
    def read(self, sample: Tensor, poses: Tensor) -> RawT:
        """A batch.

        Args:
            sample: which samples ``(batch,)``.
            poses: one for each, ``(batch, *pose axes)``.
        """
