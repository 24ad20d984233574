"""Training itself: Lightning's Trainer with all that keeps what comes of it."""

from __future__ import annotations

from pathlib import Path

import lightning
from lightning.pytorch.callbacks import Callback, EarlyStopping
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from omegaconf import DictConfig

from gaugecnn.data.datamodule import SurfaceDataModule
from gaugecnn.errors import UserError
from gaugecnn.training.averaging import WeightAverage
from gaugecnn.training.batch_statistics import PreciseBatchNorm
from gaugecnn.training.module import DivergenceError, Training
from gaugecnn.training.progress import Stopwatch
from gaugecnn.training.saving import (
    WholeCheckpoints,
    WithoutValidation,
    checkpoints,
    validates,
)
from gaugecnn.training.trainer import build_trainer, interruptible, one_line


def fitting_trainer(
    config: DictConfig, output: Path, module: Training, watch: Stopwatch
) -> lightning.Trainer:
    """The Trainer of a training, with all that keeps what comes of it.

    Args:
        config: of the run.
        output: its directory.
        module: what is trained.
        watch: counts its seconds.

    Raises:
        UserError: what Lightning refuses, or patience without validations.
    """
    section, statistics = config.train, PreciseBatchNorm()
    average = None if section.ema is None else WeightAverage(section.ema)
    validated, mode = validates(config), module.task.mode
    callbacks: list[Callback] = [] if average is None else [average]
    callbacks += [statistics, watch]
    callbacks += checkpoints(output / "checkpoints", module.monitored if validated else None, mode)
    if not validated:
        callbacks.append(WithoutValidation(average, statistics))
    if section.patience is not None:
        if not validated:
            raise UserError(
                f"train.patience={section.patience} asks for validations, of which the keys of "
                "trainer leave none"
            )
        callbacks.append(EarlyStopping(module.monitored, patience=section.patience, mode=mode))
    loggers = [
        CSVLogger(output, name="", version=""),
        TensorBoardLogger(output, name="tensorboard", version=""),
    ]
    return build_trainer(
        config,
        callbacks,
        logger=loggers,
        plugins=[WholeCheckpoints()],
        max_epochs=section.epochs,
        gradient_clip_val=section.gradient_clip,
        log_every_n_steps=10,
    )


def fit(
    trainer: lightning.Trainer, module: Training, data: SurfaceDataModule, last: str | None
) -> None:
    """Train.

    Args:
        trainer: of `fitting_trainer`.
        module: what is trained.
        data: on what.
        last: the checkpoint to go on from; None to begin.

    Raises:
        DivergenceError: the loss became NaN; with advice.
    """
    try:
        with one_line(), interruptible(trainer):
            trainer.fit(module, data, ckpt_path=last, weights_only=True)
    except DivergenceError as error:
        last_one = trainer.checkpoint_callbacks[-1]
        saved = getattr(last_one, "best_model_path", "") or "none was saved yet"
        raise DivergenceError(
            f"{error}; last good checkpoint: {saved}. Try a smaller train.learning_rate, "
            "train.gradient_clip=0.5, or trainer.precision=32-true"
        ) from error
