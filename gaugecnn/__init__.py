"""Equivariant networks on surfaces under one interface.

from gaugecnn import load_config, build_model, build_datamodule, load_run, train
cfg = load_config("gauge", task="segmentation", overrides=["domain.level=3"])
model = build_model(cfg)
summary = train(cfg)
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.audit.model import audit_model
    from gaugecnn.build import build_datamodule, build_domain, build_model
    from gaugecnn.config import load_config
    from gaugecnn.data.fields import Fields
    from gaugecnn.prediction import predict
    from gaugecnn.records.directory import load_run
    from gaugecnn.training.run import evaluate, train

__all__ = [
    "Fields",
    "__version__",
    "audit_model",
    "build_datamodule",
    "build_domain",
    "build_model",
    "evaluate",
    "load_config",
    "load_run",
    "predict",
    "train",
]

try:
    __version__ = version("gaugecnn")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "unknown"

__getattr__, _listed = lazy(
    __name__,
    {
        "audit.model": ["audit_model"],
        "build": ["build_datamodule", "build_domain", "build_model"],
        "config": ["load_config"],
        "data.fields": ["Fields"],
        "prediction": ["predict"],
        "records.directory": ["load_run"],
        "training.run": ["evaluate", "train"],
    },
)


def __dir__() -> list[str]:
    return sorted([*_listed(), "__version__"])
