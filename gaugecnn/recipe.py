"""How a network is trained: the section `train` of the configuration, and what it cannot be."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import DictConfig

from gaugecnn.errors import UserError

LARGEST = 1e36
"""Bound of numbers; float32 overflows not far above it."""


@dataclass
class TrainSection:
    """How a network is trained.

    Args:
        epochs: passes over the training images.
        batch_size: images in a step.
        learning_rate: of Adam, at its largest.
        weight_decay: of Adam.
        schedule: ``cosine``, ``step`` or ``constant``.
        warmup: epochs, in fractions too, in which the learning rate rises before the schedule.
        gradient_clip: the largest norm of a gradient; None for any.
        patience: epochs without progress after which training stops; None for never.
        loss: ``auto``, ``cross_entropy``, ``balanced`` or ``sqrt_balanced``.
        label_smoothing: the share of a label that goes to all classes alike, in training alone.
        ema: the share that a step keeps of a moving average of the weights; None for no average.
        resume: whether to go on from the last checkpoint in the output.
    """

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "cosine"
    warmup: float = 0.0
    gradient_clip: float | None = 1.0
    patience: int | None = None
    loss: str = "auto"
    label_smoothing: float = 0.0
    ema: float | None = None
    resume: bool = False


def check_recipe(train: DictConfig) -> None:
    """Refuse numbers that no training can have; NaN is in none of these ranges.

    Raises:
        UserError: a key, what it expects and what it was given.
    """
    for key in ("epochs", "batch_size", "learning_rate"):
        if not 0 < train[key] < LARGEST:
            _refuse(train, key, f"a number in (0, {LARGEST:.0e})")
    for key in ("weight_decay", "patience"):
        if train[key] is not None and not train[key] >= 0:
            _refuse(train, key, "at least 0")
    if not 0 <= train.warmup < train.epochs:
        _refuse(train, "warmup", f"at least 0 and fewer than train.epochs={train.epochs} epochs")
    if not 0 <= train.label_smoothing < 1:
        _refuse(train, "label_smoothing", "a number in [0, 1)")
    if train.ema is not None and not 0 < train.ema < 1:
        _refuse(train, "ema", "a number in (0, 1) or null")


def _refuse(train: DictConfig, key: str, expected: str) -> None:
    raise UserError(f"train.{key}: expected {expected}, got {train[key]}")
