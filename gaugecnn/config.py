"""Configuration: typed sections, composed from `configs/` and the words of the command line.

    typed defaults <- configs/base.yaml <- data=NAME, train=NAME <- model=NAME <- key=value

A key that no section knows names its nearest neighbours; one that the chosen kind of domain or
method does not use is refused.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gaugecnn.data.conventions import Convention, check_convention
from gaugecnn.errors import UserError
from gaugecnn.geometry.repair import Repair
from gaugecnn.recipe import TrainSection, check_recipe
from gaugecnn.registry import method_for
from gaugecnn.task_registry import BUILT_IN, OF_PICTURES, plan_like, task_names
from gaugecnn.words import parsed, text_keys

TASKS = tuple(task_names())
DOMAIN_KEYS = {
    "lat_lon": ("bandwidth",),
    "chart": ("chart", "size"),
    "icosphere": ("level", "frames", "frame_seed"),
    "mesh": ("file", "repair", "frames", "frame_seed"),
}
PLAN_KEYS = {
    "classification": ("stages", "residual", "head"),
    "segmentation": ("stages", "project", "residual", "skip", "head"),
}
"""By the task whose plan a task's own is like."""
HEAD_KEYS = ("hidden", "dropout")


@dataclass
class DataSection:
    """Which functions are shown, and in which poses."""

    name: str = "digits"
    root: str = "data"
    download: bool = False
    rotation: str = "none"
    copies: int | None = None
    train_size: int | None = None
    validation_size: int | None = None
    test_size: int | None = None
    digits_per_sphere: int = 1
    convention: str = Convention.standard.value
    input: str = "values"
    standardise: bool | None = None
    seed: int = 0


@dataclass
class DomainSection:
    """Where the function is sampled; each kind uses its own keys."""

    kind: str = "icosphere"
    level: int | None = None
    bandwidth: int | None = None
    chart: str | None = None
    size: int | None = None
    file: str | None = None
    repair: str | None = None
    frames: str | None = None
    frame_seed: int | None = None


@dataclass
class Config:
    """The whole configuration; `model` is typed by the method's own options and stages."""

    seed: int = 0
    task: str = "classification"
    output: str | None = None
    data: DataSection = field(default_factory=DataSection)
    train: TrainSection = field(default_factory=TrainSection)
    trainer: dict[str, Any] = field(default_factory=dict)
    domain: DomainSection = field(default_factory=DomainSection)
    model: dict[str, Any] = field(default_factory=dict)


def config_folder() -> Path:
    """The folder `configs/`: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    packed = package / "configs"
    return packed if packed.is_dir() else package.parent / "configs"


def available(group: str) -> list[str]:
    """The names that ``group=NAME`` accepts."""
    return sorted(path.stem for path in (config_folder() / group).glob("*.yaml"))


def model_tasks(model: str) -> list[str]:
    """The tasks that a model file has a plan for; others take the plan of one of them."""
    plans = _load_file("model", model).model
    return [task for task in TASKS if task in plans]


def load_config(
    model: str, task: str = "classification", overrides: Iterable[str] = ()
) -> DictConfig:
    """Compose and check a configuration.

    Args:
        model: a name in ``configs/model``, or the path of a YAML file with the nodes `model` and
            `domain`.
        task: ``classification`` or ``segmentation``.
        overrides: ``key=value`` words; ``data=NAME`` and ``train=NAME`` choose a file.

    Raises:
        UserError: an unknown model, key or value, or a combination that is impossible.
    """
    groups, words = _split(overrides)
    chosen = _load_file("model", model)
    parts = [OmegaConf.load(config_folder() / "base.yaml")]
    parts += [OmegaConf.create({name: _load_file(name, file)}) for name, file in groups.items()]
    named = OmegaConf.create({"model": {"name": Path(model).stem}, "task": task})
    with _readable_errors():
        config = OmegaConf.merge(OmegaConf.structured(Config), *parts, chosen, named)
    assert isinstance(config, DictConfig)
    if task in TASKS and task not in config.model and plan_like(task) in config.model:
        config.model[task] = config.model[plan_like(task)].copy()
    return override(config, words)


def override(config: DictConfig, words: Sequence[str]) -> DictConfig:
    """A configuration with ``key=value`` words laid over it, checked.

    Another ``domain.kind`` drops what the configuration had set for the old kind.

    Raises:
        UserError: an unknown key or value, or a combination that is impossible.
    """
    for word in words:
        if "=" not in word:
            raise UserError(f"expected key=value, got {word!r}")
    with _readable_errors():
        config = OmegaConf.merge(OmegaConf.structured(Config), config)  # type: ignore[assignment]
        for word in words:
            if word.startswith("domain.kind="):
                config.domain.kind = word.partition("=")[2]
        _check_keys(words, config)
        used = DOMAIN_KEYS[config.domain.kind]
        for key in config.domain:
            if key not in ("kind", *used):
                config.domain[key] = None
        texts = text_keys(Config)
        for word in words:
            key, _, typed = word.partition("=")
            OmegaConf.update(config, key, parsed(key, typed, texts.get(key)))
    _check(config)
    return config


@contextmanager
def _readable_errors() -> Iterator[None]:
    """OmegaConf's errors as ours, in one line with the key."""
    try:
        yield
    except OmegaConfBaseException as error:
        key = f"{error.full_key}: " if getattr(error, "full_key", None) else ""
        raise UserError(f"{key}{str(error).splitlines()[0]}") from error


def _split(overrides: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Choices of a file (``data=mnist``) apart from values (``data.name=mnist``)."""
    groups: dict[str, str] = {}
    words: list[str] = []
    for word in overrides:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"expected key=value, got {word!r}")
        if key in ("data", "train"):
            groups[key] = value
        else:
            words.append(word)
    return groups, words


def _load_file(group: str, name: str) -> DictConfig:
    own = name.endswith((".yaml", ".yml"))
    path = Path(name) if own else config_folder() / group / f"{name}.yaml"
    if not path.is_file():
        names = available(group)
        raise UserError(
            f"unknown {group} {name!r}; available: {', '.join(names)}{_nearest(name, names)}"
        )
    try:
        loaded = OmegaConf.load(path)
    except Exception as error:  # PyYAML raises its own family
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(loaded, DictConfig) or (group == "model" and "model" not in loaded):
        raise UserError(f"{path}: expected the nodes model and domain")
    return loaded


def _check_keys(words: Sequence[str], config: DictConfig) -> None:
    """Refuse a word whose key no section knows, or that the kind of domain does not use."""
    if config.domain.kind not in DOMAIN_KEYS:
        kinds = ", ".join(DOMAIN_KEYS)
        raise UserError(f"domain.kind: expected one of {kinds}, got {config.domain.kind!r}")
    method = method_for(config.model.get("method"), config.domain.kind)
    known = ["seed", "task", "output"]
    sections = {"data": DataSection, "train": TrainSection, "domain": DomainSection}
    known += [f"{name}.{f.name}" for name, section in sections.items() for f in fields(section)]
    if any(word.startswith("trainer.") for word in words):
        known += [f"trainer.{name}" for name in _trainer_keys()]
    known += [f"model.{name}" for name in ("in_channels", *method.options)]
    for word in words:
        key = word.partition("=")[0]
        in_plan = key.startswith("model.") and key.split(".")[1].split("[")[0] in TASKS
        if key not in known and not in_plan:
            hint = f" (not used by method {method.name})" if key.startswith("model.") else ""
            raise UserError(f"unknown key {key!r}{hint}{_nearest(key, known)}")
        unused = key.startswith("domain.") and key != "domain.kind"
        if unused and key.split(".")[1] not in DOMAIN_KEYS[config.domain.kind]:
            used = ", ".join(f"domain.{k}" for k in DOMAIN_KEYS[config.domain.kind])
            raise UserError(
                f"{key} is not used by domain.kind={config.domain.kind}, which uses {used}"
            )


def _trainer_keys() -> Iterable[str]:
    """The arguments of Lightning's Trainer; it is slow to import."""
    import lightning

    return inspect.signature(lightning.Trainer).parameters


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _check(config: DictConfig) -> None:
    """Refuse what can be refused before any work is done."""
    if config.task not in TASKS:
        raise UserError(f"task: expected one of {', '.join(TASKS)}, got {config.task!r}")
    if ":" not in config.data.name and config.task in set(BUILT_IN) - set(OF_PICTURES):
        raise UserError(
            f"task={config.task}: the targets of data.name={config.data.name} ask for "
            f"{' or '.join(f'task={task}' for task in OF_PICTURES)}"
        )
    if config.task not in config.model:
        has = ", ".join(task for task in TASKS if task in config.model) or "none"
        raise UserError(f"model {config.model.name} has no plan for {config.task}; it has {has}")
    if config.task == "classification" and config.data.digits_per_sphere > 1:
        raise UserError(
            f"data.digits_per_sphere={config.data.digits_per_sphere} asks for segmentation: "
            "several digits have no one class (task=segmentation)"
        )
    check_recipe(config.train)
    check_convention(config.data.convention, config.domain.kind)
    for key in ("train_size", "validation_size", "test_size", "copies"):
        value = config.data[key]
        if value is not None and value < 1:
            raise UserError(f"data.{key}: expected at least 1 or null, got {value}")
    for key in ("seed", "data.seed", "domain.frame_seed"):
        value = OmegaConf.select(config, key)
        if value is not None and not value >= 0:
            raise UserError(f"{key}: expected at least 0, got {value}")
    if config.domain.repair is not None:
        Repair.of(config.domain.repair)
    options = method_for(config.model.get("method"), config.domain.kind).options
    known = ["name", "method", "in_channels", *options, *TASKS]
    for key in config.model:
        if key not in known:
            raise UserError(f"unknown key 'model.{key}'{_nearest(key, known)}")
    known = list(PLAN_KEYS[plan_like(config.task)])
    plan = config.model[config.task]
    for key in plan:
        if key not in known:
            raise UserError(f"unknown key 'model.{config.task}.{key}'{_nearest(key, known)}")
    for key in plan.get("head", {}):
        if key not in HEAD_KEYS:
            raise UserError(
                f"unknown key 'model.{config.task}.head.{key}'{_nearest(key, list(HEAD_KEYS))}"
            )
