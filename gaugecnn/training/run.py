"""One run: a directory that holds a training from its configuration to its test results.

``config.yaml``, ``metrics.csv``, ``checkpoints/{last,best}.ckpt`` and ``summary.json``; beside
them ``confusion/CONDITION.csv``, ``per_class.csv`` and ``tensorboard/``.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf

from gaugecnn.build import build_datamodule, build_domain, build_model
from gaugecnn.config import TrainSection, override
from gaugecnn.data.datamodule import SphereDataModule
from gaugecnn.data.sources import class_count
from gaugecnn.errors import UserError
from gaugecnn.networks import Network
from gaugecnn.training.batch_statistics import PreciseBatchNorm
from gaugecnn.training.files import read_csv, write_atomically, write_csv, write_json
from gaugecnn.training.metrics import intersection_over_union
from gaugecnn.training.module import DivergenceError, Task
from gaugecnn.training.progress import on_terminal, progress_bar, quiet_libraries
from gaugecnn.training.provenance import commit, device_name, versions

RESUMED_AS = ("model", "domain", "task", "data", "seed")


class Stopwatch(Callback):
    """Seconds and samples of training, validation and tests left out."""

    def __init__(self) -> None:
        self.seconds, self.samples = 0.0, 0
        self._started = 0.0

    def on_train_batch_start(self, *_: Any) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.seconds += time.perf_counter() - self._started
        self.samples += len(batch.label)

    def state_dict(self) -> dict[str, float]:
        return {"seconds": self.seconds, "samples": self.samples}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.seconds, self.samples = state["seconds"], int(state["samples"])


def train(config: DictConfig) -> dict[str, Any]:
    """Train, test and write the run directory ``config.output``; its summary.

    Raises:
        UserError: the output is taken, or something in the configuration cannot be.
        DivergenceError: the loss became NaN; says when, and where the last good weights are.
    """
    output = Path(config.output or default_output(config)).expanduser()
    code = commit()  # of the code that runs, whatever is checked out when it ends
    network = build_model(config)
    data = build_datamodule(config, network.domain)
    task = _task(config, network)
    folder = output / "checkpoints"
    best = ModelCheckpoint(folder, "best", task.monitored, mode="max", enable_version_counter=False)
    last_one = ModelCheckpoint(folder, "last", enable_version_counter=False)
    watch = Stopwatch()
    callbacks: list[Callback] = [PreciseBatchNorm(), best, last_one, watch, *progress_bar()]
    if config.train.patience is not None:
        callbacks.append(EarlyStopping(task.monitored, patience=config.train.patience, mode="max"))
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
    last = _prepare(output, config)  # once nothing in the configuration can be refused any more
    earlier = _set_aside(output) if last else None
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
            _rejoin(output, earlier)
    results = _test(trainer, task, data, output / "checkpoints" / "best.ckpt")
    summary = {
        **_identity(config, network),
        "device": device_name(task.device),
        "dtype": str(config.trainer.precision),
        "seed": config.seed,
        "train_size": len(data.splits.train.labels),
        "epochs": trainer.current_epoch,
        "train_seconds": round(watch.seconds, 2),
        "samples_per_second": round(watch.samples * trainer.world_size / watch.seconds, 2)
        if watch.seconds
        else math.nan,
        "commit": code,
        "versions": versions(),
        "test": results,
    }
    _write_tests(output, task, list(results), summary)
    return summary


def evaluate(run: Path, overrides: list[str]) -> dict[str, Any]:
    """Test a trained run, on its own domain or on another; adds to its summary.

    Args:
        run: the run directory.
        overrides: ``key=value`` words laid over its configuration.
    """
    config = run_config(run, overrides)
    own_domain = build_domain(run_config(run))
    network = load_run(run, overrides)
    task = _task(config, network)
    trainer = _trainer(config, logger=False, callbacks=progress_bar())
    data = build_datamodule(config, network.domain)
    results = _test(trainer, task, data, None)
    if network.domain.title != own_domain.title:
        name = surface_name(config)
        results = {f"{name}/{condition}": values for condition, values in results.items()}
    summary = {**_identity(config, network), **read_summary(run)}  # none of an unfinished run
    summary["test"] = {**summary.get("test", {}), **results}
    _write_tests(run, task, list(results), summary)
    return {**summary, "test": results}


def load_run(run: str | Path, overrides: list[str] | None = None) -> Network:
    """The network of a run with the weights of its best checkpoint, in evaluation mode.

    Args:
        run: the run directory.
        overrides: ``key=value`` words, such as another ``domain.level``.

    Raises:
        UserError: no run there, or weights that do not fit the configuration.
    """
    run = Path(run)
    network = build_model(run_config(run, overrides or []))
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
    return network.eval()


def run_config(run: str | Path, overrides: list[str] | None = None) -> DictConfig:
    """The configuration of a run, with ``key=value`` words laid over it."""
    path = Path(run) / "config.yaml"
    if not path.is_file():
        raise UserError(f"no run at {Path(run).absolute()}: it has no config.yaml")
    return override(_loaded(path), overrides or [])


def read_summary(run: Path) -> dict[str, Any]:
    """The run's summary.json, or an empty one while there is none."""
    path = run / "summary.json"
    try:
        return json.loads(path.read_text()) if path.is_file() else {}
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}") from error


def default_output(config: DictConfig) -> str:
    """``runs/MODEL-TASK-SOURCE-seedN``."""
    return f"runs/{config.model.name}-{config.task}-{config.data.name}-seed{config.seed}"


def surface_name(config: DictConfig) -> str:
    """The name of a surface in ``test[SURFACE/condition]``: ``ellipsoid``, ``icosphere5``."""
    domain = config.domain
    if domain.kind == "mesh":
        return Path(domain.file).stem
    return f"{domain.kind}{domain.level or domain.bandwidth or domain.size}"


def _identity(config: DictConfig, network: Network) -> dict[str, Any]:
    """What a summary says of the network."""
    return {
        "model": config.model.name,
        "method": config.model.method,
        "task": config.task,
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def _task(config: DictConfig, network: Network) -> Task:
    classes = class_count(config.data.name, config.data.root, config.data.download)
    section = OmegaConf.to_object(config.train)
    assert isinstance(section, TrainSection)
    return Task(network, classes + (config.task == "segmentation"), section, config.seed)


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


def _is_main_process() -> bool:
    return getattr(rank_zero_only, "rank", 0) in (0, None)


def _loaded(path: Path) -> DictConfig:
    try:
        loaded = OmegaConf.load(path)
    except Exception as error:  # PyYAML raises its own family
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(loaded, DictConfig) or not {"task", "model", "domain"} <= set(loaded):
        raise UserError(f"{path} is not the configuration of a run")
    return loaded


def _checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint, once it is known to be whole."""
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = shorten(str(error), 100)
        raise UserError(f"{path} is damaged and cannot be loaded: {reason}") from error
    if not isinstance(loaded, dict) or "state_dict" not in loaded:
        raise UserError(f"{path} is not a checkpoint of ours: it has no state_dict")
    return loaded


def _prepare(output: Path, config: DictConfig) -> str | None:
    """Make the directory; the checkpoint to resume from, or None for a new run."""
    taken = (output / "config.yaml").is_file()
    last = output / "checkpoints" / "last.ckpt"
    if taken and not config.train.resume and _is_main_process():
        raise UserError(
            f"output={output} already holds a run; give another output, or train.resume=true"
        )
    if taken and config.train.resume:
        _check_same(output, config)
    try:
        _write_config(output, config)
    except OSError as error:
        raise UserError(f"output={output} cannot be written: {error}") from error
    if not config.train.resume or not last.is_file():
        return None
    _checkpoint(last)
    return str(last)


@rank_zero_only
def _write_config(output: Path, config: DictConfig) -> None:
    text = OmegaConf.to_yaml(config)
    write_atomically(output / "config.yaml", lambda file: file.write(text))


def _check_same(output: Path, config: DictConfig) -> None:
    """A run resumes as what it was: the same network on the same task and domain."""
    earlier = _loaded(output / "config.yaml")
    for key in RESUMED_AS:
        if earlier[key] != OmegaConf.create({key: config[key]})[key]:
            raise UserError(
                f"train.resume: {output} was started with another {key}; "
                "resume with the same, or give another output"
            )


def _set_aside(output: Path) -> list[dict[str, str]]:
    """The rows logged before: Lightning's logger starts the file anew."""
    previous = output / "metrics.previous.csv"
    rows = read_csv(previous) + read_csv(output / "metrics.csv")
    if _is_main_process() and rows:
        write_csv(previous, rows)
        (output / "metrics.csv").unlink(missing_ok=True)
    return rows


@rank_zero_only
def _rejoin(output: Path, earlier: list[dict[str, str]]) -> None:
    write_csv(output / "metrics.csv", earlier + read_csv(output / "metrics.csv"))
    (output / "metrics.previous.csv").unlink(missing_ok=True)


def _test(
    trainer: lightning.Trainer, task: Task, data: SphereDataModule, weights: Path | None
) -> dict[str, dict[str, float]]:
    path = str(weights) if weights is not None and weights.is_file() else None
    weights_only = True if path else None
    with _interruptible(trainer):
        trainer.test(task, data, ckpt_path=path, verbose=False, weights_only=weights_only)
    return task.results


@rank_zero_only
def _write_tests(run: Path, task: Task, names: list[str], summary: dict[str, Any]) -> None:
    """summary.json, the confusion matrices, and the value of every class."""
    rows = [row for row in read_csv(run / "per_class.csv") if row["condition"] not in names]
    for name in names:
        matrix = task.confusion(name.rpartition("/")[2]).cpu()
        labels = [str(i) for i in range(len(matrix))]
        table = [
            {"true": label, **dict(zip(labels, row.tolist(), strict=True))}
            for label, row in zip(labels, matrix, strict=True)
        ]
        write_csv(run / "confusion" / f"{name.replace('/', '_')}.csv", table)
        recall = 100 * matrix.diagonal() / matrix.sum(1)
        values = {"iou": intersection_over_union(matrix), "recall": recall}
        for label in range(len(matrix)):
            named = {metric: f"{float(v[label]):.4f}" for metric, v in values.items()}
            rows.append({"condition": name, "class": str(label), **named})
    write_csv(run / "per_class.csv", rows)
    write_json(run / "summary.json", summary)
