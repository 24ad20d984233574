"""The Lightning module: one training step and one test step for every method and every task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import lightning
import numpy as np
import torch
from torch import Tensor, nn

from gaugecnn.choices import Schedule
from gaugecnn.data.batch import Batch
from gaugecnn.networks import Network
from gaugecnn.recipe import TrainSection
from gaugecnn.tasks.base import Task
from gaugecnn.tasks.details import Details
from gaugecnn.tasks.metric import TaskMetric
from gaugecnn.training.optimizers import build_optimizer


class DivergenceError(RuntimeError):
    """The loss is no longer a number."""


class Training(lightning.LightningModule):
    """Trains and tests a network; the data module has rendered the batch already.

    Args:
        network: what is trained.
        task: what is asked of it.
        train: the section ``train`` of the configuration.
        seed: with the step, the seed of what is random inside a training step (dropout).
        conditions: the tests by name, in the order of the test loaders: each with another network
            that takes the weights of `network` for it, or None for `network` itself.
    """

    tested: Sequence[TaskMetric]

    def __init__(
        self,
        network: Network,
        task: Task,
        train: TrainSection,
        seed: int,
        conditions: Mapping[str, Network | None],
    ) -> None:
        super().__init__()
        self.network = network
        self.task = task
        self.seed = seed
        self.options = train
        self.validated = task.metrics()
        self.tested = nn.ModuleList(task.metrics() for _ in conditions)  # type: ignore[assignment]
        self.conditions = dict(conditions)  # no modules of this one: their weights are copies
        self.results: dict[str, dict[str, float]] = {}

    @property
    def monitored(self) -> str:
        """The metric by which the best checkpoint is chosen."""
        return f"validation/{self.task.monitored}"

    def forward(self, signal: Tensor) -> Tensor:
        """What the network says of a signal, in at least float32."""
        return self._answer(self.network, signal)

    def _answer(self, network: nn.Module, signal: Tensor) -> Tensor:
        """Signals are rendered in float32, whatever the precision of the network.

        Where its weights have half of that, what layers compute in float32 for good reasons meets
        them under autocast, which brings both together.
        """
        dtype = next(network.parameters()).dtype
        half = dtype.itemsize < torch.float32.itemsize
        with torch.autocast(signal.device.type, dtype) if half else nullcontext():
            outputs: Tensor = network(signal.to(dtype))
        return outputs.to(torch.promote_types(outputs.dtype, torch.float32))

    @property
    def areas(self) -> Tensor:
        """Of the domain's points, ``(*domain.shape)``."""
        return self.network.domain.areas.view(self.network.domain.shape)

    def _loss(self, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
        outputs = self(batch.signal)
        target = self.task.target(batch)
        return self.task.loss(outputs, target, self.areas, smoothing), outputs

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss, _ = self._loss(batch, self.options.label_smoothing)
        if not torch.isfinite(loss):
            raise DivergenceError(f"the loss is {loss.item()} at step {self.global_step}")
        self.log("train/loss", loss, prog_bar=True)
        penalty = self.network.penalty
        return loss if penalty is None else loss + penalty

    def validation_step(self, batch: Batch, _: int) -> None:
        """Labels are not smoothed, so that losses compare whatever was trained."""
        loss, outputs = self._loss(batch)
        self.log("validation/loss", loss, sync_dist=True, batch_size=len(batch.signal))
        self.validated.update(outputs, self.task.target(batch), self.areas)

    def on_validation_epoch_end(self) -> None:
        for name, value in self.validated.compute().items():
            key = f"validation/{name}"
            self.log(key, value, prog_bar=key == self.monitored, sync_dist=False)
        self.validated.reset()

    def on_test_start(self) -> None:
        for other in self.conditions.values():
            if other is not None:
                other.load_state_dict(self.network.state_dict())
                other.to(next(self.network.parameters())).eval()

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        other = list(self.conditions.values())[dataloader_idx]
        outputs = self._answer(self.network if other is None else other, batch.signal)
        self.tested[dataloader_idx].update(outputs, self.task.target(batch), self.areas)

    def on_test_epoch_end(self) -> None:
        pairs = zip(self.conditions, self.tested, strict=True)
        self.results = {name: metric.compute() for name, metric in pairs}

    def details(self) -> dict[str, Details]:
        """What each test leaves beside its metrics."""
        pairs = zip(self.conditions, self.tested, strict=True)
        return {name: metric.details() for name, metric in pairs if name in self.results}

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Learning rate and randomness from where the training stands, so that resuming agrees."""
        part = batch_idx % self.trainer.accumulate_grad_batches  # of those of one step
        numbers = [self.seed, self.global_step, self.global_rank, *([part] if part else [])]
        state = np.random.SeedSequence(numbers)
        torch.manual_seed(int(state.generate_state(1)[0]))
        done = self.current_epoch + batch_idx / self.trainer.num_training_batches
        options = self.options
        factor = learning_rate_factor(options.schedule, done, options.epochs, options.warmup)
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
