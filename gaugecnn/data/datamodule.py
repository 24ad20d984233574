"""The data module: which samples in which poses, epoch by epoch, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler, SequentialSampler

from gaugecnn.data.batch import Batch
from gaugecnn.data.collection import Collection, Half
from gaugecnn.data.poses import NormalAngles, PosedDataset, Poses
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import PoseDistribution


class EpochBatches(Sampler[tuple[int, Tensor]]):
    """Batches of indices that depend on seed and epoch alone, dealt out among processes.

    When shuffling, the last indices are repeated from the front until every process has the same
    number of batches, and a last sample alone joins the batch before it; in order (for tests), each
    index goes to exactly one process, once.
    """

    def __init__(self, count: int, batch_size: int, shuffle_seed: int | None) -> None:
        self.count = count
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before every epoch."""
        self.epoch = epoch

    def _mine(self) -> Tensor:
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if distributed else 0
        world = torch.distributed.get_world_size() if distributed else 1
        if self.shuffle_seed is None:
            return torch.arange(self.count)[rank::world]
        state = np.random.SeedSequence([self.shuffle_seed, self.epoch])
        order = torch.from_numpy(np.random.default_rng(state).permutation(self.count))
        short = -self.count % world
        return torch.cat([order, order[:short]])[rank::world]

    def _sizes(self) -> list[int]:
        """How many indices each batch takes."""
        full, rest = divmod(len(self._mine()), self.batch_size)
        sizes = [self.batch_size] * full + [rest] * (rest > 0)
        if self.shuffle_seed is not None and rest == 1 and full:
            sizes[-2:] = [self.batch_size + 1]  # batch norm has no statistics of a single sample
        return sizes

    def __len__(self) -> int:
        return len(self._sizes())

    def __iter__(self) -> Iterator[tuple[int, Tensor]]:
        for index in self._mine().split(self._sizes()):
            yield self.epoch, index


class SameBatches(EpochBatches, SequentialSampler):  # type: ignore[misc]
    """The first epoch's batches in every epoch, for a network that is to learn them by heart.

    Lightning replaces any other sampler then, because most would draw new batches.
    """

    def set_epoch(self, epoch: int) -> None:
        """Nothing changes."""


@dataclass(frozen=True)
class Splits:
    """The samples of a study: trained on, validated on, tested on."""

    train: Half
    validation: Half
    test: Half


class SurfaceDataModule(lightning.LightningDataModule):
    """Samples rendered on a domain, for training, validation and the tests.

    Args:
        collection: the data set.
        splits: which of its samples are used for what.
        rotation: poses seen in training and validation.
        angles: of ``rotation=z``; None for all angles alike.
        copies: fixed poses per training sample, or None for fresh ones every epoch.
        batch_size: samples per batch and process.
        seed: of poses and scenes.
        shuffle_seed: of the order of training.
    """

    def __init__(
        self,
        collection: Collection,
        splits: Splits,
        *,
        rotation: PoseDistribution,
        angles: NormalAngles | None,
        copies: int | None,
        batch_size: int,
        seed: int,
        shuffle_seed: int,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise UserError(f"expected train.batch_size >= 1, got {batch_size}")
        self.collection = collection
        self.renderer = collection.renderer()
        self.splits = splits
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed

        trained = Poses(rotation, copies, (seed, 0, 1), angles)
        self.train_set = collection.training_set(splits.train, trained, (seed, 0, 0))
        validated = Poses(rotation, 1, (seed, 1, 1), angles)
        self.validation_set = collection.dataset(splits.validation, validated, (seed, 1, 0))
        self.test_sets: dict[str, PosedDataset[Any]] = {
            name: collection.dataset(
                splits.test, Poses(condition.rotation, 1, (seed, 2, 1)), (seed, 2, 0)
            )
            for name, condition in collection.conditions.items()
        }

    def _loader(self, data: PosedDataset[Any], shuffle_seed: int | None) -> DataLoader[Any]:
        overfits = self.trainer is not None and self.trainer.overfit_batches > 0  # type: ignore[attr-defined]
        sampler = SameBatches if overfits else EpochBatches
        batches = sampler(len(data), self.batch_size, shuffle_seed)
        return DataLoader(data, sampler=batches, batch_size=None)

    def train_dataloader(self) -> DataLoader[Any]:
        return self._loader(self.train_set, self.shuffle_seed)

    def val_dataloader(self) -> DataLoader[Any]:
        return self._loader(self.validation_set, None)

    def test_dataloader(self) -> list[DataLoader[Any]]:
        """One loader per condition of the collection, in that order."""
        return [self._loader(data, None) for data in self.test_sets.values()]

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Batch:
        """Render on the device that the samples were moved to."""
        if isinstance(batch, Batch):
            return batch
        rendered: Batch = self.renderer.to(batch[0].device)(batch)
        return rendered
