"""Progress: rich on a terminal, one line an epoch elsewhere; and the time that training takes."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from typing import Any

from lightning.pytorch.callbacks import Callback, RichProgressBar
from lightning.pytorch.utilities import rank_zero_only


class EpochLines(Callback):
    """One line per epoch, for log files."""

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        values = {k: float(v) for k, v in trainer.callback_metrics.items() if "/" in k}
        shown = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {shown}", flush=True)


def on_terminal() -> bool:
    """Whether somebody watches the output."""
    return sys.stdout.isatty()


def tell(message: str) -> None:
    """Say something once, however many processes there are."""
    if not getattr(rank_zero_only, "rank", 0):
        print(message, flush=True)


def progress_bar(wanted: bool | None) -> list[Callback]:
    """The callback that shows progress on this output.

    Args:
        wanted: whether as a bar; None for one on terminals.
    """
    bar = on_terminal() if wanted is None else wanted
    return [RichProgressBar()] if bar else [EpochLines()]


def quiet_libraries(profiled: bool) -> None:
    """Keep what libraries say of themselves out of the user's sight; problems stay.

    Args:
        profiled: whether a profile was asked for, which Lightning says in that way too.
    """
    level = logging.INFO if profiled else logging.WARNING
    logging.getLogger("lightning.pytorch").setLevel(level)
    warnings.filterwarnings("ignore", message=".*treespec.*", module="lightning")
    warnings.filterwarnings("ignore", message="Experiment logs directory")  # kept by us
    warnings.filterwarnings("ignore", message=".*does not have many workers")  # all in memory
    warnings.filterwarnings("ignore", message="The number of training batches")  # small data
    warnings.filterwarnings("ignore", message=".*AMP with fp16 is not supported")  # refused by us
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")


SECONDS = "train/seconds"
"""The column of ``metrics.csv``."""


class Stopwatch(Callback):
    """Seconds and samples of training, its rendering included, validation and tests left out.

    ``train/seconds`` stands beside every validation in ``metrics.csv``: quality against time.
    """

    def __init__(self) -> None:
        self.seconds, self.samples = 0.0, 0
        self._counted = 0.0  # up to when

    def on_train_epoch_start(self, *_: Any) -> None:
        self._counted = time.perf_counter()

    def on_validation_epoch_end(self, trainer: Any, module: Any) -> None:
        if not trainer.sanity_checking:
            module.log(SECONDS, self.seconds, sync_dist=False)

    def on_validation_end(self, *_: Any) -> None:
        self._counted = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        now = time.perf_counter()
        self.seconds += now - self._counted
        self._counted = now
        self.samples += len(batch.signal)

    def state_dict(self) -> dict[str, float]:
        return {"seconds": self.seconds, "samples": self.samples}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.seconds, self.samples = state["seconds"], int(state["samples"])
