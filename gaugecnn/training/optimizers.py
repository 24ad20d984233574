"""Optimizers by name: ``train.optimizer``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from gaugecnn.callables import current_directory_importable, find_callable
from gaugecnn.errors import UserError

MOMENTUM = 0.9
"""Of plain gradient descent, which hardly trains anything without."""
OWN: dict[str, Callable[..., Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "sgd": partial(SGD, momentum=MOMENTUM),
}


def build_optimizer(
    name: str, parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float
) -> Optimizer:
    """The optimizer of that name.

    Args:
        name: ``adam`` (Kingma & Ba 2015), ``adamw`` (Loshchilov & Hutter 2019), ``sgd``, or
            ``path.to:callable``, imported from the current directory too and called as
            ``callable(parameters, lr=learning_rate, weight_decay=weight_decay)``.
        parameters: what is trained.
        learning_rate: at its largest; the schedule of the training multiplies it.
        weight_decay: added to gradients, but for ``adamw``, which shrinks the weights themselves.

    Raises:
        UserError: there is no such callable, or it gives no optimizer.
    """
    with current_directory_importable():
        make = OWN[name] if name in OWN else find_callable(name, "train.optimizer")
        made: object = make(parameters, lr=learning_rate, weight_decay=weight_decay)
    if not isinstance(made, Optimizer):
        raise UserError(
            f"train.optimizer={name}: expected an optimizer of torch, got a {type(made).__name__}"
        )
    return made
