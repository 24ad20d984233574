"""Equivariant networks on surfaces under one interface.

from gaugecnn import load_config, build_model, build_datamodule, load_run
cfg = load_config("gauge", task="segmentation", overrides=["domain.level=3"])
model = build_model(cfg)
"""

from gaugecnn.build import build_datamodule, build_domain, build_model
from gaugecnn.config import load_config
from gaugecnn.training.run import load_run

__all__ = ["build_datamodule", "build_domain", "build_model", "load_config", "load_run"]
