"""The Lightning module: one training step and one test step for every method and both tasks."""

from __future__ import annotations

import math

import lightning
import numpy as np
import torch
from torch import Tensor, nn

from gaugecnn.choices import Schedule
from gaugecnn.data.datamodule import TEST_CONDITIONS
from gaugecnn.data.rendering import Batch
from gaugecnn.errors import UserError
from gaugecnn.networks import Classifier, Network
from gaugecnn.recipe import TrainSection
from gaugecnn.training.losses import loss_for, weighted_cross_entropy
from gaugecnn.training.metrics import (
    WeightedConfusion,
    classification_metrics,
    segmentation_metrics,
)
from gaugecnn.training.optimizers import build_optimizer


class DivergenceError(RuntimeError):
    """The loss is no longer a number."""


class Task(lightning.LightningModule):
    """Trains and tests a network; the data module has rendered the batch already.

    Args:
        network: a classifier or a segmenter.
        classes: logits of the network, background included.
        train: the section ``train`` of the configuration.
        seed: with the step, the seed of what is random inside a training step (dropout).
    """

    def __init__(self, network: Network, classes: int, train: TrainSection, seed: int) -> None:
        super().__init__()
        self.network = network
        self.segments = not isinstance(network, Classifier)
        self.seed = seed
        task = "segmentation" if self.segments else "classification"
        self.loss = loss_for(train.loss, task)
        self.options = train
        if train.schedule not in list(Schedule):
            names = ", ".join(Schedule)
            raise UserError(f"train.schedule: expected one of {names}, got {train.schedule!r}")
        parts = ["area", "pixel"] if self.segments else ["area"]
        self.confusions = nn.ModuleDict(
            {
                f"{condition}_{part}": WeightedConfusion(classes)
                for condition in ("validation", *TEST_CONDITIONS)
                for part in parts
            }
        )
        self.results: dict[str, dict[str, float]] = {}

    @property
    def monitored(self) -> str:
        """The metric by which the best checkpoint is chosen."""
        return "validation/" + ("miou_foreground" if self.segments else "accuracy")

    def forward(self, signal: Tensor) -> Tensor:
        return self.network(signal)

    def _weights(self, batch: Batch) -> Tensor:
        """The weight of each prediction: a point's area, or one per image."""
        if not self.segments:
            return torch.ones((), device=batch.signal.device)
        return self.network.domain.areas.view(self.network.domain.shape)

    def _loss(self, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
        logits = self.network(batch.signal)
        truth, weights = batch.mask if self.segments else batch.label, self._weights(batch)
        return weighted_cross_entropy(logits.float(), truth, weights, self.loss, smoothing), logits

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss, _ = self._loss(batch, self.options.label_smoothing)
        if not torch.isfinite(loss):
            raise DivergenceError(f"the loss is {loss.item()} at step {self.global_step}")
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """Labels are not smoothed, so that losses compare whatever was trained."""
        loss, logits = self._loss(batch)
        self.log("validation/loss", loss, sync_dist=True, batch_size=len(batch.label))
        self._count("validation", logits, batch)

    def on_validation_epoch_end(self) -> None:
        metrics = self._metrics("validation")
        for name, value in metrics.items():
            key = f"validation/{name}"
            self.log(key, value, prog_bar=key == self.monitored, sync_dist=False)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        self._count(list(TEST_CONDITIONS)[dataloader_idx], self.network(batch.signal), batch)

    def on_test_epoch_end(self) -> None:
        self.results = {name: self._metrics(name, reset=False) for name in TEST_CONDITIONS}

    def _count(self, condition: str, logits: Tensor, batch: Batch) -> None:
        prediction = logits.argmax(dim=1)
        truth = batch.mask if self.segments else batch.label
        weights = self._weights(batch)
        # Sample points outside the surface (corners of a chart) have no area and no vote.
        votes = weights, (weights > 0).float()
        for confusion, vote in zip(self._confusions(condition), votes, strict=False):
            confusion.update(prediction, truth, vote)

    def _confusions(self, condition: str) -> list[WeightedConfusion]:
        named = self.confusions.items()
        return [m for name, m in named if name.startswith(condition + "_")]  # type: ignore[misc]

    def _metrics(self, condition: str, reset: bool = True) -> dict[str, float]:
        matrices = self._confusions(condition)
        counted = [matrix.compute() for matrix in matrices]
        if reset:
            for matrix in matrices:
                matrix.reset()
        return segmentation_metrics(*counted) if self.segments else classification_metrics(*counted)

    def confusion(self, condition: str) -> Tensor:
        """The area-weighted confusion matrix of a test, ``(true, predicted)``."""
        return self._confusions(condition)[0].compute()

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Learning rate and randomness from where the training stands, so that resuming agrees."""
        state = np.random.SeedSequence([self.seed, self.global_step, self.global_rank])
        torch.manual_seed(int(state.generate_state(1)[0]))
        done = self.current_epoch + batch_idx / self.trainer.num_training_batches
        schedule, epochs = Schedule(self.options.schedule), self.options.epochs
        factor = learning_rate_factor(schedule, done, epochs, self.options.warmup)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.options.learning_rate * factor

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimizer ``train.optimizer``."""
        rate, decay = self.options.learning_rate, self.options.weight_decay
        return build_optimizer(self.options.optimizer, self.network.parameters(), rate, decay)


def learning_rate_factor(
    schedule: Schedule, done: float, epochs: int, warmup: float = 0.0
) -> float:
    """What the learning rate is multiplied by after `done` of `epochs` epochs.

    It rises linearly from one hundredth during the first `warmup` epochs. The schedule runs over
    the ``n = epochs - warmup`` that remain, of which ``t = done - warmup`` have passed: ``cosine``
    falls to one hundredth, ``0.01 + 0.99 (1 + cos(pi t / n)) / 2``; ``step`` halves every ten
    epochs; ``constant`` stays 1.

    Args:
        schedule: how the rate changes.
        done: epochs that have passed, in fractions too.
        epochs: of the whole training.
        warmup: epochs, in fractions too; fewer than `epochs`.
    """
    if done < warmup:
        return 0.01 + 0.99 * done / warmup
    passed = done - warmup
    if schedule is Schedule.cosine:
        return 0.01 + 0.99 * (1 + math.cos(math.pi * passed / (epochs - warmup))) / 2
    return 0.5 ** (int(passed) // 10) if schedule is Schedule.step else 1.0
