"""By what a run is known: the hash of all in its configuration that its numbers depend on."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from omegaconf import DictConfig, OmegaConf

from gaugecnn.records.names import MEANT, meant

DIGITS = 12
"""Of the hash, in the name of a directory: no two of a million runs share them."""

NOT_TOLD = ("output", "data.root", "data.download", "train.resume")
"""Keys that leave a run what it is."""

LATER = {"data.distortion": None}
"""Keys that came later, and the value at which a run is what it was without them."""

PLACE = (
    *("accelerator", "devices", "num_nodes", "strategy"),
    *("benchmark", "detect_anomaly", "deterministic", "profiler"),
    *("enable_model_summary", "enable_progress_bar", "log_every_n_steps", "num_sanity_val_steps"),
)
"""Keys of `trainer` that say where a run is done, and what is shown of it."""


def run_name(config: DictConfig) -> str:
    """``MODEL-TASK-DATA-seedN-HASH``, the directory of a run.

    It depends on the configuration alone, so that two studies know the same run by one name.

    Args:
        config: resolved, as `load_config` gives it.
    """
    data = config.data.name.rpartition(":")[2]
    words = f"{config.model.name}-{config.task}-{data}-seed{config.seed}"
    return f"{_readable(words)}-{fingerprint(config)}"


def measure_name(name: str, *told: Any) -> str:
    """``NAME-HASH``, the directory of a measure.

    Args:
        name: of the measure.
        told: what its numbers depend on.
    """
    return f"{_readable(name)}-{digest(told)}"


def _readable(words: str) -> str:
    """Words as the name of a file."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in words)


def fingerprint(config: DictConfig) -> str:
    """The hash of a configuration without what says where it is run, and where its files are."""
    return digest(_told(config))


def digest(content: Any) -> str:
    """The hash of what JSON can hold."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGITS]


def _told(config: DictConfig) -> dict[str, Any]:
    """What a run's numbers depend on, each value spelled in one way."""
    tree: Any = OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    for key in (*NOT_TOLD, *(f"trainer.{name}" for name in PLACE)):
        section, _, name = key.rpartition(".")
        (tree[section] if section else tree).pop(name, None)
    for key, before in LATER.items():
        section, _, name = key.rpartition(".")
        if tree[section][name] == before:
            del tree[section][name]
    for key in MEANT:
        section, _, name = key.partition(".")
        tree[section][name] = meant(config, key)
    return dict(tree)
