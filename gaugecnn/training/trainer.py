"""Lightning's Trainer: our choices, the user's keys over them, its errors as ours."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, RichProgressBar
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf

from gaugecnn.errors import UserError
from gaugecnn.records.names import meant
from gaugecnn.training.progress import progress_bar, quiet_libraries, tell


def build_trainer(
    config: DictConfig, callbacks: list[Callback] | None = None, **options: Any
) -> lightning.Trainer:
    """The Trainer of a configuration.

    Args:
        config: whose section ``trainer`` is laid over our own choices.
        callbacks: beside the one that shows progress.
        options: choices of the caller.

    Raises:
        UserError: what Lightning refuses, or silently would do otherwise.
    """
    given: Any = OmegaConf.to_container(config.trainer)
    quiet_libraries(bool(given.get("profiler")))
    shown = progress_bar(given.get("enable_progress_bar"))
    choices = {
        "use_distributed_sampler": False,  # our sampler deals out indices itself
        "num_sanity_val_steps": 0,
        "enable_model_summary": False,
        "enable_progress_bar": isinstance(shown[0], RichProgressBar),
        "callbacks": [*(callbacks or []), *shown],
        **options,
    }
    with one_line(ValueError, TypeError, RuntimeError, KeyError, ImportError):
        trainer = lightning.Trainer(**{**choices, **given})
        device = trainer.strategy.root_device
        if not has_float64(device) and given.get("accelerator") == "auto":
            tell(f"{device.type} has no float64, in which geometry is held: on the CPU instead")
            trainer = lightning.Trainer(**{**choices, **given, "accelerator": "cpu"})
    _check_device(trainer)
    if trainer.accumulate_grad_batches < 1:
        raise UserError(
            "trainer.accumulate_grad_batches: expected at least 1, got "
            f"{trainer.accumulate_grad_batches}"
        )
    asked = meant(config, "trainer.precision")
    if trainer.precision != asked:
        raise UserError(
            f"trainer.precision={asked}: Lightning has no such precision on this device, and would "
            f"compute in {trainer.precision}"
        )
    return trainer


def has_float64(device: torch.device) -> bool:
    """Whether a device holds numbers in double precision, as geometry needs them."""
    return device.type != "mps"


def _check_device(trainer: lightning.Trainer) -> None:
    device = trainer.strategy.root_device
    if not has_float64(device):
        raise UserError(
            f"trainer.accelerator: {device.type} has no float64, in which geometry is held: "
            "set trainer.accelerator=cpu"
        )


@contextmanager
def one_line(*also: type[Exception]) -> Iterator[None]:
    """What Lightning refuses, as a `UserError` in one line.

    Args:
        also: classes of errors that only it can have raised here.
    """
    refusals: tuple[type[Exception], ...] = (MisconfigurationException, *also)
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if not isinstance(error, refusals) and not _of_lightning(error):
            raise
        reason = str(error).strip() or type(error).__name__
        raise UserError(f"trainer: {reason.splitlines()[0]}") from error


def _of_lightning(error: Exception) -> bool:
    """Whether it is Lightning itself that finds a value wrong, and not what it calls."""
    frames = list(traceback.walk_tb(error.__traceback__))
    innermost = frames[-1][0].f_globals.get("__name__", "")
    return isinstance(error, ValueError | TypeError) and innermost.startswith("lightning.")


@contextmanager
def interruptible(trainer: lightning.Trainer) -> Iterator[None]:
    """Ctrl-C as the KeyboardInterrupt that it is: Lightning exits with code 1, or says nothing."""
    try:
        yield
    except SystemExit:
        if not trainer.interrupted:
            raise
    if trainer.interrupted:
        raise KeyboardInterrupt
