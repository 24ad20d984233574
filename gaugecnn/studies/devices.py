"""On which devices a run is done: one of its own, unless the user says how many."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig

ALONE = ("trainer.devices=1", "trainer.num_nodes=1", "trainer.strategy=auto")
"""Overrides of what is done in one process after a training in several."""


def several(config: DictConfig) -> bool:
    """Whether Lightning takes ``trainer.devices`` for more than one."""
    devices: Any = config.trainer.get("devices", "auto")
    if isinstance(devices, int) or str(devices).isdecimal():
        return int(devices) not in (0, 1)  # -1 is all of them
    return devices != "auto" and len(str(devices).strip("[] ,").split(",")) > 1


def own_device(config: DictConfig, slot: int) -> list[str]:
    """The overrides that give a run one device; none where the user says which.

    Args:
        config: of the run.
        slot: which of the processes at work does it; each has a GPU of its own, as far as they go.
    """
    if config.trainer.get("devices", "auto") != "auto":
        return []
    import torch

    gpus = torch.cuda.device_count() if config.trainer.get("accelerator") != "cpu" else 0
    return [f"trainer.devices=[{slot % gpus}]" if gpus > 1 else "trainer.devices=1"]
