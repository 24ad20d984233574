"""How a network is trained: the section `train` of the configuration, and what it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gaugecnn.choices import Loss, Schedule
from gaugecnn.errors import UserError

LARGEST = 1e36
"""Bound of numbers; float32 overflows not far above it."""
OPTIMIZERS = ("adam", "adamw", "sgd")


@dataclass
class TrainSection:
    """How a network is trained.

    Args:
        epochs: passes over the training images.
        batch_size: images in a step.
        optimizer: ``adam``, ``adamw``, ``sgd`` (momentum 0.9), or ``path.to:callable`` of your own,
            called with the parameters, `lr` and `weight_decay`.
        learning_rate: of the optimizer, at its largest.
        weight_decay: of the optimizer.
        schedule: ``cosine``, ``step`` or ``constant``.
        warmup: epochs, in fractions too, in which the learning rate rises before the schedule.
        gradient_clip: the largest norm of a gradient; None for any.
        patience: epochs without progress after which training stops; None for never.
        loss: ``auto``, or another with which the task can be trained (`gaugecnn.task_registry`).
        label_smoothing: the share of a label that goes to all classes alike, in training alone.
        ema: the share that a step keeps of a moving average of the weights; None for no average.
        resume: whether to go on from the last checkpoint in the output.
    """

    epochs: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: Schedule = Schedule.cosine
    warmup: float = 0.0
    gradient_clip: float | None = 1.0
    patience: int | None = None
    loss: Loss = Loss.auto
    label_smoothing: float = 0.0
    ema: float | None = None
    resume: bool = False


def check_recipe(train: TrainSection, task: str, losses: Sequence[Loss]) -> None:
    """Refuse numbers that no training can have, and a loss of another task.

    Args:
        train: the section.
        task: the task.
        losses: what it can be trained with.

    Raises:
        UserError: a key, what it expects and what it was given.
    """
    for key in ("epochs", "batch_size", "learning_rate"):
        if not 0 < getattr(train, key) < LARGEST:
            _refuse(train, key, f"a number in (0, {LARGEST:.0e})")
    for key in ("weight_decay", "patience"):
        if getattr(train, key) is not None and getattr(train, key) < 0:
            _refuse(train, key, "at least 0")
    if train.gradient_clip is not None and train.gradient_clip <= 0:
        _refuse(train, "gradient_clip", "a number above 0 or null")
    if not 0 <= train.warmup < train.epochs:
        _refuse(train, "warmup", f"at least 0 and fewer than train.epochs={train.epochs} epochs")
    if not 0 <= train.label_smoothing < 1:
        _refuse(train, "label_smoothing", "a number in [0, 1)")
    if train.ema is not None and not 0 < train.ema < 1:
        _refuse(train, "ema", "a number in (0, 1) or null")
    check_optimizer(train.optimizer)
    if train.loss not in (Loss.auto, *losses):
        _refuse(train, "loss", f"one of {', '.join((Loss.auto, *losses))} for task={task}")
    if train.label_smoothing and Loss.cross_entropy not in losses:
        _refuse(train, "label_smoothing", f"0 for task={task}, which has no labels")


def check_optimizer(name: str) -> None:
    """Refuse an optimizer that is neither ours nor the name of a callable.

    Raises:
        UserError: what is expected and what came.
    """
    module, _, function = name.partition(":")
    if name not in OPTIMIZERS and not (module and function):
        known = ", ".join(OPTIMIZERS)
        raise UserError(
            f"train.optimizer: expected one of {known}, or your own path.to:callable, got {name!r}"
        )


def _refuse(train: TrainSection, key: str, expected: str) -> None:
    raise UserError(f"train.{key}: expected {expected}, got {getattr(train, key)}")
