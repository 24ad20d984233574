"""A moving average of the weights, which is what is validated, tested and stored.

The average follows the weights that are trained, and changes nothing in how they are trained::

    average <- d average + (1 - d) weights,    d = min(decay, (1 + t) / (10 + t))

after optimizer step t = 0, 1, ... Without the second bound a short training would end near its
initial weights, which after t steps still count decay^t (it is TensorFlow's `num_updates`).

Lightning 2.6 has a callback of this kind, `WeightAveraging`, which does not fit here: it swaps its
weights in after `PreciseBatchNorm` has measured, copies every buffer at every step, geometry
included, and where one trainer trains and then tests, the weights that were trained are tested, in
place of the average that was loaded for it. The update is PyTorch's own.
"""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

PREFIX = "network."
"""Of the network's weights in the state dict of the Lightning module."""
KEY = "averaging"
"""Of what a checkpoint holds besides the average: the weights that are trained, and t."""


class WeightAverage(Callback):
    """Average the network's weights; validate, test and store the average.

    It goes before every callback that reads weights at the start of a validation. A checkpoint
    has the average in its `state_dict`, under the names that the weights have without averaging,
    and resuming restores both. Parameters alone are averaged: batch-norm statistics are measured
    with the average in place.

    Args:
        decay: the share of the average that a step keeps, in (0, 1).
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.average: dict[str, Tensor] = {}
        self._aside: dict[str, Tensor] = {}  # the weights in training, while the average is in use
        self._step = 0  # of the optimizer, at the last update

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        for name, weight in pl_module.network.named_parameters():
            start = self.average.get(name, weight.detach())
            self.average[name] = start.to(weight.device, copy=True)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self._step = trainer.global_step

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        if trainer.global_step == self._step:  # gradients are being accumulated
            return
        self._step = trainer.global_step
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        weights = dict(pl_module.network.named_parameters())
        current = [weights[name].detach() for name in self.average]
        get_ema_multi_avg_fn(decay)(list(self.average.values()), current, self.updates)
        self.updates += 1

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.state.fn == "fit":
            self._use_average(pl_module.network)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if self._aside and trainer.state.fn == "fit":
            _assign(pl_module.network, self._aside)
            self._aside = {}

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self._use_average(pl_module.network)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        network = pl_module.network
        trained = self._aside or {n: p.detach() for n, p in network.named_parameters()}
        checkpoint["state_dict"] |= {PREFIX + name: kept for name, kept in self.average.items()}
        checkpoint[KEY] = {"weights": dict(trained), "updates": self.updates}

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Go on from both; from the weights alone where no average was kept so far."""
        if trainer.state.fn != "fit" or KEY not in checkpoint:
            return  # a test is of the average, which is loaded already
        trained, self.updates = checkpoint[KEY]["weights"], checkpoint[KEY]["updates"]
        self.average = {name: checkpoint["state_dict"][PREFIX + name] for name in trained}
        _assign(pl_module.network, trained)

    def _use_average(self, network: nn.Module) -> None:
        self._aside = {name: p.detach().clone() for name, p in network.named_parameters()}
        _assign(network, self.average)


@torch.no_grad()
def _assign(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy in place, so that optimizers and whoever counts versions of a weight see it."""
    for name, parameter in network.named_parameters():
        parameter.copy_(weights[name])
