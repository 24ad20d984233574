"""One run: from a configuration to trained weights and test results in its directory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
from omegaconf import DictConfig, OmegaConf

from gaugecnn.build import (
    build_datamodule,
    build_domain,
    build_model,
    build_task,
    load_collection,
)
from gaugecnn.config import override
from gaugecnn.data.datamodule import SurfaceDataModule
from gaugecnn.errors import UserError
from gaugecnn.files import at_home
from gaugecnn.networks import Network
from gaugecnn.recipe import TrainSection
from gaugecnn.records.attempt import attempt
from gaugecnn.records.directory import (
    begin,
    default_output,
    open_run,
    resumed_from,
    run_config,
    write_tests,
)
from gaugecnn.records.files import read_summary
from gaugecnn.records.lock import locked
from gaugecnn.records.names import (
    changed_overrides,
    changed_surface,
    check_overrides,
    meant,
    own_name,
    surface_name,
)
from gaugecnn.records.provenance import commit, device_name, versions
from gaugecnn.tasks.base import Task
from gaugecnn.training.fitting import fit, fitting_trainer
from gaugecnn.training.module import Training
from gaugecnn.training.progress import Stopwatch, tell
from gaugecnn.training.trainer import build_trainer, interruptible, one_line

WAIT = 60.0
"""Seconds that the results of a test wait for those of another one to be written."""


def train(config: DictConfig) -> dict[str, Any]:
    """Train, test and write the run directory ``config.output``; its summary.

    Nothing is written before all that can be checked is; a training that fails before it has saved
    or logged anything leaves the directory as it was.

    Raises:
        UserError: the output is taken, or something in the configuration cannot be.
        DivergenceError: the loss became NaN; says when, and where the last good weights are.
    """
    output = at_home(config.output or default_output(config))
    code = commit()  # of the code that runs, whatever is checked out when it ends
    domain = build_domain(config)
    collection = load_collection(config, domain)
    description = collection.description
    network = build_model(config, domain, description)
    data = build_datamodule(config, domain, collection)
    task = build_task(config, description)
    frequencies = collection.frequencies(data.splits.train)
    if frequencies is not None:
        task.weigh(frequencies)
    module = _module(config, network, task, data)
    watch = Stopwatch()
    trainer = fitting_trainer(config, output, module, watch)
    summary = {**_identity(config, network), "seed": config.seed}
    train_size = len(data.splits.train)
    if config.trainer.get("fast_dev_run"):
        fit(trainer, module, data, None)
        _test(trainer, module, data, None)
        tell("trainer.fast_dev_run: training, validation and tests went through; nothing is kept")
        summary |= {**_training_of(config, trainer, watch), "train_size": train_size}
        return {**summary, "test": {}}
    with locked(output):
        last = resumed_from(output, config)
        before = read_summary(output).get("test", {})
        with attempt(output) as trained:
            begin(output, config, description, domain)
            fit(trainer, module, data, last)
            best = output / "checkpoints" / "best.ckpt"
            if not best.is_file():
                raise UserError(f"output={output}: no step was trained, so that nothing is kept")
        results = _named(own_name(config), _test(trainer, module, data, best))
        if not results:
            tell("trainer.limit_test_batches=0: trained, and not tested")
        summary |= {
            **_training_of(config, trainer, watch),
            "train_size": train_size,
            "commit": code,
            "versions": versions(),
            "surfaces": {surface_name(config): domain.fingerprint},
            "test": {**({} if trained() else before), **results},
        }
        write_tests(output, _named(own_name(config), module.details()), summary)
    return summary


def evaluate(run: str | Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Test a trained run, as it was trained or otherwise; adds to its summary.

    A test on another surface is ``SURFACE/condition`` there, one with other overrides that tell
    ``key=value/condition`` (see `names`), so that no test takes the place of another; nor does one
    on a mesh of the same name but another fingerprint, which is ``SURFACE-DIGEST/condition``.

    Args:
        run: the run directory.
        overrides: ``key=value``, laid over its configuration.

    Raises:
        UserError: there is no such run, it is being trained, or the overrides do not fit it.
    """
    run, overrides = at_home(run), list(overrides)
    check_overrides(overrides)
    own = run_config(run)
    with locked(run):
        pass  # nobody trains there, and results can be written
    config, description, network = open_run(run, overrides)
    # How many samples were trained on is of no concern, and of other data they may not be there.
    tested = override(config, ["data.train_size=null", "data.validation_size=null"])
    collection = load_collection(tested, network.domain, description)
    data = build_datamodule(tested, network.domain, collection)
    module = _module(config, network, build_task(config, description), data)
    trainer = build_trainer(config, logger=False)
    if config.trainer.get("fast_dev_run") or trainer.limit_test_batches == 0:
        raise UserError(
            "trainer.fast_dev_run and trainer.limit_test_batches=0 leave nothing to be kept of a "
            "test; give trainer.fast_dev_run=false trainer.limit_test_batches=1.0"
        )
    results = _test(trainer, module, data, None)
    with locked(run, WAIT):
        summary = {**_identity(config, network), **read_summary(run)}  # none of an unfinished run
        if "surfaces" not in summary:
            summary["surfaces"] = {surface_name(own): build_domain(own).fingerprint}
        surface = surface_name(config), network.domain.fingerprint
        name = changed_surface(summary["surfaces"], *surface)
        name += changed_overrides(own, config, overrides)
        results = _named(name, results)
        summary["test"] = {**summary.get("test", {}), **results}
        write_tests(run, _named(name, module.details()), summary)
    return {**summary, "test": results}


def _named(words: list[str], tests: Mapping[str, Any]) -> dict[str, Any]:
    """What was found in each test, by its whole name."""
    before = f"{','.join(words)}/" if words else ""
    return {f"{before}{condition}": found for condition, found in tests.items()}


def _training_of(
    config: DictConfig, trainer: lightning.Trainer, watch: Stopwatch
) -> dict[str, Any]:
    """What a summary says of the training."""
    samples, seconds = watch.samples * trainer.world_size, watch.seconds
    return {
        "device": device_name(trainer.strategy.root_device),
        "dtype": str(config.trainer.precision),
        "epochs": trainer.current_epoch,
        "train_seconds": round(seconds, 2),
        "samples_per_second": round(samples / seconds, 2) if seconds else math.nan,
    }


def _identity(config: DictConfig, network: Network) -> dict[str, Any]:
    """What a summary says of the network."""
    return {
        "model": config.model.name,
        "method": config.model.method,
        "task": config.task,
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def _module(config: DictConfig, network: Network, task: Task, data: SurfaceDataModule) -> Training:
    """The network with its task, ready to be trained and tested on the data."""
    section = OmegaConf.to_object(config.train)
    assert isinstance(section, TrainSection)
    conditions: dict[str, Network | None] = {}
    for name, condition in data.collection.conditions.items():
        other = override(config, condition.overrides)
        keys = [word.partition("=")[0] for word in condition.overrides]
        same = all(meant(config, key) == meant(other, key) for key in keys)
        conditions[name] = None if same else build_model(other, None, task.description)
    return Training(network, task, section, config.seed, conditions)


def _test(
    trainer: lightning.Trainer, module: Training, data: SurfaceDataModule, weights: Path | None
) -> dict[str, dict[str, float]]:
    """The metrics of each condition; none where no batch is to be tested."""
    path = None if weights is None else str(weights)
    weights_only = True if path else None
    with one_line(), interruptible(trainer):
        trainer.test(module, data, ckpt_path=path, verbose=False, weights_only=weights_only)
    return module.results
