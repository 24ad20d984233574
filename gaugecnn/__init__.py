"""Equivariant networks on surfaces under one interface.

from gaugecnn import load_config, build_model, build_datamodule, load_run
cfg = load_config("gauge", task="segmentation", overrides=["domain.level=3"])
model = build_model(cfg)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gaugecnn.build import build_datamodule, build_domain, build_model
    from gaugecnn.config import load_config
    from gaugecnn.training.directory import load_run

__all__ = ["build_datamodule", "build_domain", "build_model", "load_config", "load_run"]

_HOMES = {
    "build_datamodule": "gaugecnn.build",
    "build_domain": "gaugecnn.build",
    "build_model": "gaugecnn.build",
    "load_config": "gaugecnn.config",
    "load_run": "gaugecnn.training.directory",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``gaugecnn --help`` need not wait for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
