"""The data module: which scenes in which poses, epoch by epoch, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import lightning
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from gaugecnn.data.published import PublishedRenderer
from gaugecnn.data.rendering import Batch, RawBatch, Renderer
from gaugecnn.data.scenes import place
from gaugecnn.data.sources import Images
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import Domain, PoseDistribution

TEST_CONDITIONS = {"unrotated": PoseDistribution.none, "rotated": PoseDistribution.so3}
"""The two tests of every network: the same images upright, and one uniform rotation each."""


@dataclass(frozen=True)
class Poses:
    """Which poses a data set shows.

    Args:
        rotation: the distribution of poses.
        copies: fixed poses per image; None for one fresh pose per image and epoch.
        seed: makes them reproducible.
    """

    rotation: PoseDistribution
    copies: int | None
    seed: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.copies is not None and self.copies < 1:
            raise UserError(f"expected data.copies >= 1 or null, got {self.copies}")

    def draw(self, domain: Domain, count: int, epoch: int) -> Tensor:
        """Poses of `count` scenes in an epoch, ``(count * copies, *pose axes)``."""
        state = np.random.SeedSequence([*self.seed, epoch if self.copies is None else 0])
        generator = torch.Generator().manual_seed(int(state.generate_state(1, np.uint64)[0] >> 1))
        return domain.sample_poses(count * (self.copies or 1), self.rotation, generator)


class SceneDataset(Dataset[RawBatch]):
    """Scenes in poses, read a batch at a time: ``dataset[epoch, indices]``.

    Args:
        images: the pictures.
        domain: whose poses are drawn.
        poses: which ones.
        digits: digits per scene.
        seed: of the placing of digits.
    """

    def __init__(
        self, images: Images, domain: Domain, poses: Poses, digits: int, seed: tuple[int, ...]
    ) -> None:
        self.images = images
        self.domain = domain
        self.poses = poses
        rows, columns = images.images.shape[-2:]
        random = np.random.default_rng(np.random.SeedSequence(seed))
        self.scenes = place(len(images.labels), rows, columns, digits, random)
        self._drawn: tuple[int, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.scenes.images) * (self.poses.copies or 1)

    def __getitem__(self, key: tuple[int, Tensor]) -> RawBatch:
        epoch, index = key
        if self._drawn is None or self._drawn[0] != epoch:
            self._drawn = epoch, self.poses.draw(self.domain, len(self.scenes.images), epoch)
        scene = index % len(self.scenes.images)
        chosen = self.scenes.images[scene]  # (batch, digit)
        return RawBatch(
            self.images.images[chosen],
            self.images.labels[chosen],
            self.scenes.corners[scene],
            self._drawn[1][index],
        )


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


@dataclass(frozen=True)
class Splits:
    """The images of a study: trained on, validated on, tested on."""

    train: Images
    validation: Images
    test: Images


class SphereDataModule(lightning.LightningDataModule):
    """Scenes rendered on a domain, for training, validation and the two tests.

    Args:
        domain: where signals live.
        renderer: lays scenes on it.
        splits: the images.
        rotation: poses seen in training and validation.
        copies: fixed poses per training image, or None for fresh ones every epoch.
        digits: digits per scene.
        batch_size: scenes per batch and process.
        seed: of poses and scenes.
        shuffle_seed: of the order of training.
    """

    def __init__(
        self,
        domain: Domain,
        renderer: Renderer | PublishedRenderer,
        splits: Splits,
        *,
        rotation: PoseDistribution,
        copies: int | None,
        digits: int,
        batch_size: int,
        seed: int,
        shuffle_seed: int,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise UserError(f"expected train.batch_size >= 1, got {batch_size}")
        self.renderer = renderer
        self.splits = splits
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed

        def dataset(
            images: Images, part: int, poses: PoseDistribution, copies: int | None
        ) -> SceneDataset:
            return SceneDataset(
                images, domain, Poses(poses, copies, (seed, part, 1)), digits, (seed, part, 0)
            )

        self.train_set: SceneDataset = dataset(splits.train, 0, rotation, copies)
        self.validation_set: SceneDataset = dataset(splits.validation, 1, rotation, 1)
        self.test_sets: dict[str, SceneDataset] = {
            name: dataset(splits.test, 2, poses, 1) for name, poses in TEST_CONDITIONS.items()
        }

    def _loader(self, data: SceneDataset, shuffle_seed: int | None) -> DataLoader[RawBatch]:
        batches = EpochBatches(len(data), self.batch_size, shuffle_seed)
        return DataLoader(data, sampler=batches, batch_size=None)

    def train_dataloader(self) -> DataLoader[RawBatch]:
        return self._loader(self.train_set, self.shuffle_seed)

    def val_dataloader(self) -> DataLoader[RawBatch]:
        return self._loader(self.validation_set, None)

    def test_dataloader(self) -> list[DataLoader[RawBatch]]:
        """One loader per entry of `TEST_CONDITIONS`, in that order."""
        return [self._loader(data, None) for data in self.test_sets.values()]

    def on_after_batch_transfer(self, batch: RawBatch | Batch, dataloader_idx: int) -> Batch:
        """Render on the device that the images were moved to."""
        if isinstance(batch, Batch):
            return batch
        return self.renderer.to(batch.images.device)(batch)
