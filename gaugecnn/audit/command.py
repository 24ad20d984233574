"""What the command ``gaugecnn audit`` does: a network as it is asked for, or as it was trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from omegaconf import DictConfig

from gaugecnn.audit.figure import save_figure
from gaugecnn.audit.model import audit_model
from gaugecnn.audit.rows import Audit
from gaugecnn.audit.signals import Pictures, RandomFunctions, Signals
from gaugecnn.audit.weights import randomised
from gaugecnn.bench.progress import Tell, shown
from gaugecnn.build import build_datamodule, build_model, describe
from gaugecnn.build_data import load_collection
from gaugecnn.data.description import Description
from gaugecnn.errors import UserError
from gaugecnn.networks import Network
from gaugecnn.records.files import write_json
from gaugecnn.surfaces.domain import PoseDistribution

STEPS = 14
"""About how many things an audit tells of."""


def audited(
    chosen: Path | DictConfig, overrides: Sequence[str], images: int, figure: Path | None
) -> Audit:
    """The audit of a run, with what is laid over its configuration, or of a configuration.

    Raises:
        UserError: a run that is not there, or a figure that cannot be drawn.
    """
    if figure is not None and figure.suffix.lower() != ".png":
        raise UserError(f"--figure: expected a file of type .png, got {figure}")
    with shown(STEPS) as tell:
        if isinstance(chosen, Path):
            return audit_run(chosen, overrides, images, tell)
        return audit_config(chosen, images, tell)


def write(audit: Audit, table: Path | None, figure: Path | None) -> None:
    """Write the rows as JSON and draw them, where files are named."""
    if table is not None:
        write_json(table, audit.json())
    if figure is not None:
        save_figure(audit, figure)


def audit_config(config: DictConfig, images: int, tell: Tell) -> Audit:
    """The network of a configuration with random weights, biases and statistics, see `randomised`.

    Args:
        config: the configuration; ``trainer.precision=64-true`` audits in float64.
        images: how many test samples are looked at, beside four random functions.
        tell: is called with what is done next.
    """
    tell("building the network")
    network = build_model(config)
    description = describe(config, network.domain) if images else None
    found = _audited(config, images, description, randomised(network), tell)
    return Audit(f"{config.model.name}, {config.task}, random weights; {found.title}", found.rows)


def audit_run(run: Path, overrides: Sequence[str], images: int, tell: Tell) -> Audit:
    """The network of a run as it was trained.

    Args:
        run: the run directory.
        overrides: ``key=value``, such as another ``domain.level``.
        images: how many of its test samples are looked at, beside four random functions.
        tell: is called with what is done next.
    """
    from gaugecnn.records.directory import open_run

    tell(f"reading {run}")
    config, description, network = open_run(run, overrides)
    found = _audited(config, images, description, network, tell)
    return Audit(f"{run}, {config.task}; {found.title}", found.rows)


def _audited(
    config: DictConfig,
    images: int,
    description: Description | None,
    network: Network,
    tell: Tell,
) -> Audit:
    if str(config.trainer.get("precision")).startswith("64"):
        network = network.double()
    signals: list[Signals] = [RandomFunctions(network.family.input_type)]
    if images and description is not None:
        tell("rendering test samples")
        signals.append(test_samples(config, network, description, images))
    return audit_model(network, signals=signals, tell=tell)


def test_samples(
    config: DictConfig, network: Network, description: Description, count: int
) -> Pictures:
    """The first test samples of a configuration, upright.

    Raises:
        UserError: there are not so many.
    """
    collection = load_collection(config, network.domain, description)
    data = build_datamodule(config, network.domain, collection)
    tests = next(iter(data.test_sets.values())).in_poses(PoseDistribution.none)
    if len(tests) < count:
        raise UserError(f"--images: expected at most {len(tests)}, got {count}")
    return Pictures(data.renderer, tests[0, torch.arange(count)], f"test {collection.noun}")
