"""Collection: a data set on a domain, in two halves, with all that training asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from torch import Tensor

from gaugecnn.data.batch import SignalRenderer
from gaugecnn.data.description import Description
from gaugecnn.data.poses import PosedDataset, Poses
from gaugecnn.surfaces.domain import Domain, PoseDistribution


@dataclass(frozen=True)
class Condition:
    """One of the tests of every network.

    Args:
        rotation: the poses of the samples.
        overrides: ``key=value`` laid over the configuration of the network for this test.
    """

    rotation: PoseDistribution
    overrides: tuple[str, ...] = ()


class Half(Protocol):
    """Samples to train on, or to test on."""

    def __len__(self) -> int: ...

    def subset(self, index: Tensor) -> Self:
        """The samples of these indices ``(sample,)``."""


class Collection(ABC):
    """A data set on a domain.

    Attributes:
        domain: where its signals live.
        train: the half to train on, and to validate on.
        test: the other half.
        description: what a network has to know of them.
    """

    noun = "samples"
    """What its samples are, for messages."""

    domain: Domain
    train: Half
    test: Half
    description: Description

    @property
    def has_poses(self) -> bool:
        """Whether its samples can be turned."""
        return True

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """The tests by name: the same samples as they are, and in one uniform pose each."""
        turned = {"unrotated": PoseDistribution.none, "rotated": self.domain.freest}
        return {name: Condition(rotation) for name, rotation in turned.items()}

    @abstractmethod
    def dataset(self, half: Half, poses: Poses, seed: tuple[int, ...]) -> PosedDataset[object]:
        """The samples of (a part of) a half in poses.

        Args:
            half: which ones.
            poses: how they are turned.
            seed: of whatever else is drawn.
        """

    def training_set(self, half: Half, poses: Poses, seed: tuple[int, ...]) -> PosedDataset[object]:
        """The samples to train on, as `dataset`; with what is done to those alone."""
        return self.dataset(half, poses, seed)

    @abstractmethod
    def renderer(self) -> SignalRenderer:
        """What lays raw batches of `dataset` on the domain."""

    @abstractmethod
    def frequencies(self, half: Half) -> Tensor | None:
        """How often each class of the targets is met ``(class,)``; None where there are none.

        Of pictures those of the labels: how much of a sphere digits cover shows in each batch.
        """
