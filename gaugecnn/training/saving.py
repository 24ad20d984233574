"""Which checkpoints a training keeps: the last epoch, and the best one of those validated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from omegaconf import DictConfig

from gaugecnn.files import write_bytes_atomically
from gaugecnn.training.averaging import WeightAverage
from gaugecnn.training.batch_statistics import PreciseBatchNorm


def validates(config: DictConfig) -> bool:
    """Whether a training is ever validated."""
    every = config.trainer.get("check_val_every_n_epoch")
    too_late = isinstance(every, int) and every > config.train.epochs
    return config.trainer.get("limit_val_batches") != 0 and not too_late


class MovableCheckpoint(ModelCheckpoint):
    """What was best stays best where the run's folder was moved, or is mounted elsewhere.

    Lightning's own forgets the score then, and the next epoch replaces the best one.
    """

    @property
    def state_key(self) -> str:
        """That of Lightning's own, under which earlier checkpoints hold its state."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__, 1)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state, with its files where this run keeps them; none without its best."""
        if not Path(self._here(state_dict["best_model_path"])).is_file():
            return
        names = ("best_model_path", "kth_best_model_path", "last_model_path")
        here = {name: self._here(state_dict[name]) for name in names}
        best = {self._here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict(
            {**state_dict, **here, "best_k_models": best, "dirpath": self.dirpath}
        )

    def _here(self, path: str) -> str:
        return str(Path(self.dirpath or "", Path(path).name)) if path else ""


def checkpoints(folder: Path, monitored: str | None, mode: str) -> list[MovableCheckpoint]:
    """What saves ``best.ckpt`` and ``last.ckpt``.

    ``last.ckpt`` is saved when an epoch ends, whether it is validated then, more often or not at
    all: a training resumes at the beginning of an epoch.

    Args:
        folder: where they are kept.
        monitored: the metric by which the best is chosen; None takes the last for the best.
        mode: ``max`` or ``min``.
    """
    if monitored is None:
        best = MovableCheckpoint(
            folder, "best", "step", mode="max",
            save_on_train_epoch_end=True, enable_version_counter=False,
        )  # fmt: skip
    else:
        best = MovableCheckpoint(
            folder, "best", monitored, mode=mode,
            save_on_train_epoch_end=False, enable_version_counter=False,
        )  # fmt: skip
    last = MovableCheckpoint(
        folder, "last", save_on_train_epoch_end=True, enable_version_counter=False
    )
    return [best, last]


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that get their names once they are whole, whenever the process ends.

    Lightning's own are written to the folder of temporary files and then moved, which is a copy
    where that is another file system.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        write_bytes_atomically(Path(path), lambda file: torch.save(checkpoint, file))


class WithoutValidation(Callback):
    """Where nothing is validated, what a validation prepares is prepared for the checkpoints.

    Args:
        average: of the weights, if there is one.
        statistics: of batch norms, measured with the average in place.
    """

    def __init__(self, average: WeightAverage | None, statistics: PreciseBatchNorm) -> None:
        self.average, self.statistics = average, statistics

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if self.average is not None:
            self.average.on_validation_start(trainer, pl_module)
        self.statistics.on_validation_start(trainer, pl_module)
        if self.average is not None:
            self.average.on_validation_end(trainer, pl_module)
        pl_module.network.train()
