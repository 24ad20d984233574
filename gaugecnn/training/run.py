"""One run: from a configuration to trained weights and test results in its directory."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
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
from gaugecnn.data.description import Description
from gaugecnn.errors import UserError
from gaugecnn.networks import Network
from gaugecnn.recipe import TrainSection
from gaugecnn.training.averaging import WeightAverage
from gaugecnn.training.batch_statistics import PreciseBatchNorm
from gaugecnn.training.directory import (
    default_output,
    load_run,
    prepare,
    read_summary,
    rejoin,
    run_config,
    run_description,
    set_aside,
    surface_name,
    write_tests,
)
from gaugecnn.training.module import DivergenceError, Training
from gaugecnn.training.progress import Stopwatch, on_terminal, progress_bar, quiet_libraries
from gaugecnn.training.provenance import commit, device_name, versions

TESTED_AS = re.compile(r"model\.|data\.(?!root=|download=)")
"""Words of `evaluate` that may make a test another one; such stand before its condition."""


def train(config: DictConfig) -> dict[str, Any]:
    """Train, test and write the run directory ``config.output``; its summary.

    Raises:
        UserError: the output is taken, or something in the configuration cannot be.
        DivergenceError: the loss became NaN; says when, and where the last good weights are.
    """
    output = Path(config.output or default_output(config)).expanduser()
    code = commit()  # of the code that runs, whatever is checked out when it ends
    domain = build_domain(config)
    collection = load_collection(config, domain)
    description = collection.description
    network = build_model(config, domain, description)
    data = build_datamodule(config, domain, collection)
    task = _training(config, network, data, description)
    folder, mode = output / "checkpoints", task.task.mode
    best = ModelCheckpoint(folder, "best", task.monitored, mode=mode, enable_version_counter=False)
    last_one = ModelCheckpoint(folder, "last", enable_version_counter=False)
    watch = Stopwatch()
    average = [] if config.train.ema is None else [WeightAverage(config.train.ema)]
    callbacks: list[Callback] = [*average, PreciseBatchNorm(), best, last_one, watch]
    callbacks += progress_bar()
    if config.train.patience is not None:
        callbacks.append(EarlyStopping(task.monitored, patience=config.train.patience, mode=mode))
    trainer = _trainer(
        config,
        max_epochs=config.train.epochs,
        gradient_clip_val=config.train.gradient_clip,
        callbacks=callbacks,
        logger=[
            CSVLogger(output, name="", version=""),
            TensorBoardLogger(output, name="tensorboard", version=""),
        ],
        log_every_n_steps=10,
    )
    last = prepare(
        output, config, description, network.domain
    )  # once nothing in the configuration can be refused any more
    earlier = set_aside(output) if last else None
    try:
        with _interruptible(trainer):
            trainer.fit(task, data, ckpt_path=last, weights_only=True)
    except DivergenceError as error:
        saved = last_one.best_model_path or "none was saved yet"
        raise DivergenceError(
            f"{error}; last good checkpoint: {saved}. Try a smaller train.learning_rate, "
            "train.gradient_clip=0.5, or trainer.precision=32-true"
        ) from error
    finally:
        if earlier is not None:
            rejoin(output, earlier)
    results = _test(trainer, task, data, output / "checkpoints" / "best.ckpt")
    summary = {
        **_identity(config, network),
        "device": device_name(task.device),
        "dtype": str(config.trainer.precision),
        "seed": config.seed,
        "train_size": len(data.splits.train),
        "epochs": trainer.current_epoch,
        "train_seconds": round(watch.seconds, 2),
        "samples_per_second": round(watch.samples * trainer.world_size / watch.seconds, 2)
        if watch.seconds
        else math.nan,
        "commit": code,
        "versions": versions(),
        "surfaces": {surface_name(config): network.domain.content},
        "test": results,
    }
    write_tests(output, task.details(), summary)
    return summary


def evaluate(run: str | Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Test a trained run, as it was trained or otherwise; adds to its summary.

    A test on another surface is ``SURFACE/condition`` there, one of a changed network or of other
    data ``key=value/condition``, so that no test takes the place of another; nor does one on a mesh
    of the same name but other content, which is ``SURFACE-DIGEST/condition``.

    Args:
        run: the run directory.
        overrides: ``key=value`` words laid over its configuration.
    """
    run, overrides = Path(run), list(overrides)
    own, config = run_config(run), run_config(run, overrides)
    network, description = load_run(run, overrides), run_description(run, config)
    collection = load_collection(config, network.domain, description)
    data = build_datamodule(config, network.domain, collection)
    task = _training(config, network, data, description)
    trainer = _trainer(config, logger=False, callbacks=progress_bar())
    results = _test(trainer, task, data, None)
    summary = {**_identity(config, network), **read_summary(run)}  # none of an unfinished run
    if "surfaces" not in summary:
        summary["surfaces"] = {surface_name(own): build_domain(own).content}
    changed = _named_surface(summary["surfaces"], surface_name(config), network.domain.content)
    changed += _changed_words(own, config, overrides)
    if changed:
        name = ",".join(changed)
        results = {f"{name}/{condition}": values for condition, values in results.items()}
    summary["test"] = {**summary.get("test", {}), **results}
    write_tests(run, dict(zip(results, task.details().values(), strict=True)), summary)
    return {**summary, "test": results}


def _named_surface(surfaces: dict[str, str], name: str, content: str) -> list[str]:
    """The name under which a surface is tested, none for the run's own, the first of `surfaces`.

    Args:
        surfaces: the content of each surface by its name; a new one is added.
        name: what the surface is called.
        content: what it is.
    """
    if surfaces.get(name, content) != content:
        name = f"{name}-{content}"
    surfaces[name] = content
    return [] if name == next(iter(surfaces)) else [name]


def _changed_words(own: DictConfig, config: DictConfig, overrides: list[str]) -> Iterator[str]:
    """The words that make a test another one than those of the run itself."""
    for word in overrides:
        key = word.partition("=")[0]
        if TESTED_AS.match(word) and OmegaConf.select(own, key) != OmegaConf.select(config, key):
            yield word


def _identity(config: DictConfig, network: Network) -> dict[str, Any]:
    """What a summary says of the network."""
    return {
        "model": config.model.name,
        "method": config.model.method,
        "task": config.task,
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def _training(
    config: DictConfig, network: Network, data: SurfaceDataModule, description: Description
) -> Training:
    """The network with its task, ready to be trained and tested on the data."""
    task = build_task(config, description)
    frequencies = data.collection.frequencies(data.splits.train)
    if frequencies is not None:
        task.weigh(frequencies)
    section = OmegaConf.to_object(config.train)
    assert isinstance(section, TrainSection)
    conditions = {
        name: build_model(override(config, condition.words), None, description)
        if condition.words
        else None
        for name, condition in data.collection.conditions.items()
    }
    return Training(network, task, section, config.seed, conditions)


def _trainer(config: DictConfig, **options: Any) -> lightning.Trainer:
    """Lightning's Trainer with the section ``trainer`` laid over our own choices."""
    quiet_libraries()
    given: Any = OmegaConf.to_container(config.trainer)
    try:
        return lightning.Trainer(
            **{
                "use_distributed_sampler": False,  # our sampler deals out indices itself
                "num_sanity_val_steps": 0,
                "enable_model_summary": False,
                "enable_progress_bar": on_terminal(),
                **options,
                **given,
            }
        )
    except (ValueError, TypeError, RuntimeError) as error:  # MisconfigurationException too
        raise UserError(f"trainer: {str(error).splitlines()[0]}") from error
    except Exception as error:
        if "Misconfiguration" not in type(error).__name__:
            raise
        raise UserError(f"trainer: {str(error).splitlines()[0]}") from error


@contextmanager
def _interruptible(trainer: lightning.Trainer) -> Iterator[None]:
    """Ctrl-C as the KeyboardInterrupt that it is: Lightning exits with code 1, or says nothing."""
    try:
        yield
    except SystemExit:
        if not trainer.interrupted:
            raise
    if trainer.interrupted:
        raise KeyboardInterrupt


def _test(
    trainer: lightning.Trainer, task: Training, data: SurfaceDataModule, weights: Path | None
) -> dict[str, dict[str, float]]:
    path = str(weights) if weights is not None and weights.is_file() else None
    weights_only = True if path else None
    with _interruptible(trainer):
        trainer.test(task, data, ckpt_path=path, verbose=False, weights_only=weights_only)
    return task.results
