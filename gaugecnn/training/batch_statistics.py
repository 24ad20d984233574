"""Batch-norm statistics of the weights that are tested, not of those of ten steps ago.

The statistics that batch norm keeps while training are a moving average over past weights. Where
a feature is nearly constant over images, as the mean over a sphere that is nine tenths background
is, the weights move its mean by more than it varies, and the lag is all that a test sees. Before
every validation the statistics are therefore averaged anew over a few training batches (Wu &
Johnson 2021, "precise BatchNorm").
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback


class PreciseBatchNorm(Callback):
    """Average the running statistics over training batches before every validation.

    Args:
        batches: how many.
    """

    def __init__(self, batches: int = 16) -> None:
        self.batches = batches

    @torch.no_grad()
    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        norms = [m for m in pl_module.modules() if getattr(m, "momentum", None) is not None]
        if not norms or trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        momenta = [norm.momentum for norm in norms]
        pl_module.network.train()
        with torch.random.fork_rng(devices=[]), trainer.precision_plugin.forward_context():
            for i, raw in enumerate(islice(trainer.train_dataloader, self.batches)):
                for norm in norms:
                    norm.momentum = 1 / (i + 1)  # the mean of all batches so far
                moved = trainer.strategy.batch_to_device(raw)
                batch = trainer.datamodule.on_after_batch_transfer(moved, 0)
                pl_module(batch.signal)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        pl_module.network.eval()
