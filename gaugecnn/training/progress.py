"""The progress bar: rich where there is a terminal, one line an epoch where there is none."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

from lightning.pytorch.callbacks import Callback, RichProgressBar


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


def progress_bar() -> list[Callback]:
    """The callback that shows progress on this output."""
    return [RichProgressBar()] if on_terminal() else [EpochLines()]


def quiet_libraries() -> None:
    """Keep what libraries say of themselves out of the user's sight; problems stay."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*treespec.*", module="lightning")
    warnings.filterwarnings("ignore", message="Experiment logs directory")  # kept by us
    warnings.filterwarnings("ignore", message=".*does not have many workers")  # all in memory
    warnings.filterwarnings("ignore", message="The number of training batches")  # small data
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")
