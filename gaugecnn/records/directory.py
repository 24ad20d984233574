"""A run directory: how it is opened, resumed, read and written.

``config.yaml``, ``metrics.csv``, ``checkpoints/{last,best}.ckpt`` and ``summary.json``; beside
them ``confusion/CONDITION.csv``, ``per_class.csv`` and ``tensorboard/``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import torch
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf

from gaugecnn.build import build_domain, build_model, describe
from gaugecnn.config import override
from gaugecnn.data.description import Description
from gaugecnn.errors import UserError
from gaugecnn.files import at_home, write_atomically
from gaugecnn.networks import Network
from gaugecnn.records.attempt import is_run
from gaugecnn.records.files import read_csv, write_csv, write_json
from gaugecnn.records.lock import is_main_process
from gaugecnn.surfaces.domain import Domain
from gaugecnn.tasks.details import Details

DATA_FILE = "data.json"
"""What the network knows of its data, and what was mended of its mesh: enough to load it."""

RESUMED_AS = ("model", "domain", "task", "data", "seed")
"""The sections that a resumed run must have in common with its beginning."""


class OpenRun(NamedTuple):
    """A run, ready to be asked.

    Attributes:
        config: its configuration, with what was laid over it.
        description: what the network knows of its data.
        network: with the weights of the best checkpoint, in evaluation mode.
    """

    config: DictConfig
    description: Description
    network: Network


def load_run(run: str | Path, overrides: list[str] | None = None) -> Network:
    """The network of a run with the weights of its best checkpoint, in evaluation mode.

    Args:
        run: the run directory.
        overrides: ``key=value``, such as another ``domain.level``.

    Raises:
        UserError: no run there, or weights that do not fit the configuration.
    """
    return open_run(run, overrides or []).network


def open_run(run: str | Path, overrides: Sequence[str] = ()) -> OpenRun:
    """A run read once: its configuration, what it knows of its data, and its trained network.

    Args:
        run: the run directory.
        overrides: ``key=value``, such as another ``domain.level``.

    Raises:
        UserError: no run there, or weights that do not fit the configuration.
    """
    run, config = at_home(run), run_config(run, list(overrides))
    domain = build_domain(config)
    description = _description(run, config, domain)
    network = build_model(config, domain, description)
    path = run / "checkpoints" / "best.ckpt"
    if not path.is_file():
        raise UserError(f"no checkpoint at {path.absolute()}: has the run finished an epoch?")
    state = _checkpoint(path)["state_dict"]
    prefix = "network."
    weights = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()  # below the name of the class
        reason = shorten(first, 200)
        raise UserError(f"{path} does not fit the configuration: {reason}") from error
    return OpenRun(config, description, network.eval())


def run_config(run: str | Path, overrides: list[str] | None = None) -> DictConfig:
    """The configuration of a run, with overrides ``key=value`` laid over it."""
    path = at_home(run) / "config.yaml"
    if not path.is_file():
        raise UserError(f"no run at {path.parent.absolute()}: it has no config.yaml")
    return override(_loaded(path), overrides or [])


def _description(run: Path, config: DictConfig, domain: Domain) -> Description:
    """What the network of a run knows of its data; those of runs without it are asked.

    Raises:
        UserError: the file is damaged.
    """
    path = run / DATA_FILE
    if not path.is_file():
        return describe(config, domain)
    try:
        return Description.from_json(json.loads(path.read_text())["description"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged: {error}") from error


def default_output(config: DictConfig) -> str:
    """``runs/MODEL-TASK-SOURCE-seedN``."""
    return f"runs/{config.model.name}-{config.task}-{config.data.name}-seed{config.seed}"


def _loaded(path: Path) -> DictConfig:
    try:
        loaded = OmegaConf.load(path)
    except Exception as error:  # PyYAML raises its own family
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(loaded, DictConfig) or not {"task", "model", "domain"} <= set(loaded):
        raise UserError(f"{path} is not the configuration of a run")
    return loaded


def _checkpoint(path: Path, *more: str) -> dict[str, Any]:
    """A checkpoint, once it is known to be whole.

    Args:
        path: the file.
        more: what it must hold beside the weights.
    """
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = shorten(str(error), 100)
        raise UserError(f"{path} is damaged and cannot be loaded: {reason}") from error
    for key in ("state_dict", *more):
        if not isinstance(loaded, dict) or key not in loaded:
            raise UserError(f"{path} is not a checkpoint of ours: it has no {key}")
    return dict(loaded)


def resumed_from(output: Path, config: DictConfig) -> str | None:
    """The checkpoint from which a run goes on, or None for a new run; nothing is written.

    Args:
        output: the directory, which this process holds.
        config: of the run.

    Raises:
        UserError: the directory holds a run and none is resumed, or one that cannot be.
    """
    if is_main_process() and is_run(output) and not config.train.resume:
        raise UserError(
            f"output={output} already holds a run; give another output, or train.resume=true"
        )
    if not config.train.resume or not (output / "config.yaml").is_file():
        return None
    _check_same(output, config)
    last, best = (output / "checkpoints" / f"{name}.ckpt" for name in ("last", "best"))
    if not last.is_file():
        if best.is_file():
            raise UserError(f"train.resume: {output} has no checkpoints/last.ckpt to go on from")
        return None
    done = epochs_done(_checkpoint(last, "optimizer_states", "loops"))
    if config.train.epochs < done:
        raise UserError(
            f"train.resume: {done} epochs of {output} are done, and train.epochs="
            f"{config.train.epochs} asks for fewer; give train.epochs={done} or more"
        )
    return str(last)


def epochs_done(checkpoint: Mapping[str, Any]) -> int:
    """How many epochs were trained to their end before a checkpoint was saved."""
    loop = checkpoint["loops"]["fit_loop"]
    ended = checkpoint["epoch"] + loop["epoch_loop.batch_progress"]["is_last_batch"]
    return int(max(ended, loop["epoch_progress"]["current"]["processed"]))


def begin(output: Path, config: DictConfig, description: Description, domain: Domain) -> None:
    """Write what a run is.

    Args:
        output: the directory.
        config: of the run.
        description: of its data.
        domain: where its signals live.

    Raises:
        UserError: the directory cannot be written.
    """
    try:
        _write_config(output, config)
        _write_data(output, description, domain)
    except OSError as error:
        raise UserError(f"output={output} cannot be written: {error}") from error


@rank_zero_only
def _write_config(output: Path, config: DictConfig) -> None:
    text = OmegaConf.to_yaml(config)
    write_atomically(output / "config.yaml", lambda file: file.write(text))


@rank_zero_only
def _write_data(output: Path, description: Description, domain: Domain) -> None:
    content = {"description": description.to_json(), "mended": domain.mended}
    write_json(output / DATA_FILE, content)


def _check_same(output: Path, config: DictConfig) -> None:
    """A run resumes as what it was: the same network on the same task and domain."""
    earlier = run_config(output)  # with the defaults of keys that it did not know
    for key in RESUMED_AS:
        if earlier[key] != OmegaConf.create({key: config[key]})[key]:
            raise UserError(
                f"train.resume: {output} was started with another {key}; "
                "resume with the same, or give another output"
            )
    decay = OmegaConf.select(earlier, "train.ema")
    if decay is not None and config.train.ema is None:
        raise UserError(
            f"train.resume: {output} was started with train.ema={decay}, and its checkpoints hold "
            "the average; resume with it, or give another output"
        )


@rank_zero_only
def write_tests(run: Path, details: Mapping[str, Details], summary: dict[str, Any]) -> None:
    """summary.json, the confusion matrix of every test, and the values of every class or output."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, found in details.items():
        if found.confusion:
            write_csv(run / "confusion" / f"{name.replace('/', '_')}.csv", found.confusion)
        file = f"{found.parts}.csv"
        if file not in rows:
            before = read_csv(run / file)
            rows[file] = [row for row in before if row["condition"] not in details]
        rows[file] += [{"condition": name, **row} for row in found.rows]
    for file, table in rows.items():
        write_csv(run / file, table)
    write_json(run / "summary.json", summary)
