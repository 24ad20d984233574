"""Which arguments of Lightning's Trainer a configuration may give, and why not the others.

The names stand here, so that a key is refused before Lightning, which is slow, is imported; a test
compares them with the Trainer that is installed.
"""

from __future__ import annotations

from collections.abc import Mapping

from gaugecnn.errors import UserError
from gaugecnn.typed import check_names

TEXTS = ("accelerator", "max_time", "precision", "profiler", "strategy")
"""Arguments that are text: ``trainer.precision=32`` and ``trainer.max_time=10:00:00:00``."""

ALLOWED = (
    *TEXTS,
    "accumulate_grad_batches",
    "benchmark",
    "check_val_every_n_epoch",
    "detect_anomaly",
    "deterministic",
    "devices",
    "enable_model_summary",
    "enable_progress_bar",
    "fast_dev_run",
    "limit_test_batches",
    "limit_train_batches",
    "limit_val_batches",
    "log_every_n_steps",
    "num_nodes",
    "num_sanity_val_steps",
    "overfit_batches",
    "sync_batchnorm",
    "val_check_interval",
)

EPOCHS = "use train.epochs, and train.patience to stop sooner"
LOGS = "a run writes metrics.csv, config.yaml and the logs of TensorBoard itself, see output"
CHECKPOINTS = "a run keeps its best and its last checkpoint, and train.resume needs them"
REFUSED = {
    "barebones": CHECKPOINTS,
    "callbacks": "an object cannot be written in a configuration; use train.patience, train.ema",
    "default_root_dir": "use output",
    "enable_autolog_hparams": LOGS,
    "enable_checkpointing": CHECKPOINTS,
    "gradient_clip_algorithm": "gradients are clipped by their norm; use train.gradient_clip",
    "gradient_clip_val": "use train.gradient_clip",
    "inference_mode": "tests never keep gradients",
    "limit_predict_batches": "gaugecnn predict reads all of its files",
    "logger": LOGS,
    "max_epochs": EPOCHS,
    "max_steps": EPOCHS,
    "min_epochs": EPOCHS,
    "min_steps": EPOCHS,
    "model_registry": LOGS,
    "plugins": "an object cannot be written in a configuration",
    "reload_dataloaders_every_n_epochs": "use data.copies=null for fresh poses every epoch",
    "resume": "use train.resume",
    "use_distributed_sampler": "batches are dealt out among processes already",
}


def check_trainer(trainer: Mapping[str, object]) -> None:
    """Refuse arguments that the Trainer does not have, or that contradict the rest.

    Raises:
        UserError: the key, and what to use in its place.
    """
    for key in trainer:
        if key in REFUSED:
            raise UserError(f"trainer.{key} cannot be given: {REFUSED[key]}")
    check_names(trainer, ALLOWED, "trainer")
