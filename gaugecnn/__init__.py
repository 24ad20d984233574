"""Equivariant networks on surfaces under one interface.

from gaugecnn import load_config, build_model, build_datamodule, load_run
cfg = load_config("gauge", task="segmentation", overrides=["domain.level=3"])
model = build_model(cfg)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.build import build_datamodule, build_domain, build_model
    from gaugecnn.config import load_config
    from gaugecnn.training.directory import load_run

__all__ = ["build_datamodule", "build_domain", "build_model", "load_config", "load_run"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "build": ["build_datamodule", "build_domain", "build_model"],
        "config": ["load_config"],
        "training.directory": ["load_run"],
    },
)
