"""Configuration: typed sections, composed from `configs/` and the overrides of the command line.

    typed defaults <- configs/base.yaml <- data=NAME, train=NAME <- model=NAME <- key=value

Whatever a training would refuse without its data and its geometry is refused here, in one line that
names the key; nothing here waits for torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gaugecnn.data.images.conventions import check_convention
from gaugecnn.data.images.limits import check_digits, check_distortion
from gaugecnn.data.input_names import check_inputs, check_picture_options
from gaugecnn.data.pose_options import check_poses
from gaugecnn.domain_registry import domain_kind, domain_kinds
from gaugecnn.errors import UserError
from gaugecnn.exact_size import exact_size, stands_in
from gaugecnn.overrides import assign, parsed, text_keys
from gaugecnn.plans import InvariantPlan
from gaugecnn.recipe import check_recipe
from gaugecnn.registry import method_for
from gaugecnn.renamed_keys import warn_of_old_names
from gaugecnn.schema import Config, schema
from gaugecnn.shipped import shipped_folder
from gaugecnn.task_registry import (
    OF_NUMBERS,
    OF_PICTURES,
    losses_of,
    plan_class,
    plan_like,
    task_names,
)
from gaugecnn.trainer_keys import TEXTS, check_trainer
from gaugecnn.typed import leaves, nearest, read, value

TASKS = tuple(task_names())
SETTLED = ("model.name", "model.method")
"""What a model's file says, and no override."""


def config_folder() -> Path:
    """The folder `configs/`: inside the installed package, or beside it in a checkout."""
    return shipped_folder("configs")


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
        overrides: ``key=value``; ``data=NAME`` and ``train=NAME`` choose a file.

    Raises:
        UserError: an unknown model, key or value, or a combination that is impossible.
    """
    groups, rest = _split(overrides)
    chosen = _load_file("model", model)
    parts = [OmegaConf.load(config_folder() / "base.yaml")]
    parts += [OmegaConf.create({name: _load_file(name, file)}) for name, file in groups.items()]
    named = OmegaConf.create({"model": {"name": Path(model).stem}, "task": task})
    with _readable_errors():
        config = OmegaConf.merge(*parts, chosen, named)
    assert isinstance(config, DictConfig)
    if task in TASKS and task not in config.model and plan_like(task) in config.model:
        config.model[task] = config.model[plan_like(task)].copy()
    return override(config, rest)


def override(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """A configuration with overrides ``key=value`` laid over it, checked.

    Another ``domain.kind`` drops what the configuration had set for the old kind.

    Raises:
        UserError: an unknown key or value, or a combination that is impossible.
    """
    with _readable_errors():
        whole = OmegaConf.merge(_defaults(), config)
        tree: Any = OmegaConf.to_container(whole, resolve=False, enum_to_str=True)
    pairs = [_pair(word) for word in overrides]
    _drop_unused(tree, dict(pairs).get("domain.kind"))
    known = leaves(schema())
    texts = text_keys(schema()) | {f"trainer.{name}": str | None for name in TEXTS}
    for key, typed in pairs:
        if key in SETTLED:
            raise UserError(f"{key} cannot be given: choose another with model=NAME or a file")
        if key.split(".")[0].split("[")[0] not in Config.__dataclass_fields__:
            raise UserError(f"unknown key {key!r}{nearest(key, known)}")
        assign(tree, key, parsed(key, typed, texts.get(key)))
    with _readable_errors():
        given = OmegaConf.create(tree)
        plain: Any = OmegaConf.to_container(given, resolve=True, throw_on_missing=True)
        auto = stands_in(plain["domain"], whole.domain)
        checked = read(schema(), plain, "")
        _check(checked)
        if auto:
            given.domain.size = exact_size(checked.model, checked.domain, checked.task)
        typed_config = OmegaConf.merge(_types(), given)
    assert isinstance(typed_config, DictConfig)
    return typed_config


@cache  # what is merged is copied, here and below
def _types() -> DictConfig:
    """The typed defaults."""
    types: DictConfig = OmegaConf.structured(schema())
    return types


@cache
def _defaults() -> DictConfig:
    """The defaults without their types: those are checked by `read`, all at once."""
    plain: Any = OmegaConf.to_container(_types(), enum_to_str=True)
    defaults: DictConfig = OmegaConf.create(plain)
    return defaults


@contextmanager
def _readable_errors() -> Iterator[None]:
    """OmegaConf's errors as ours, in one line with the key."""
    try:
        yield
    except OmegaConfBaseException as error:
        key = f"{error.full_key}: " if getattr(error, "full_key", None) else ""
        raise UserError(f"{key}{str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise UserError("the configuration refers to itself") from error


def _pair(word: str) -> tuple[str, str]:
    key, equals, typed = word.partition("=")
    if not equals:
        raise UserError(f"expected key=value, got {word!r}")
    return key, typed


def _split(overrides: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Choices of a file (``data=mnist``) apart from values (``data.name=mnist``)."""
    groups: dict[str, str] = {}
    rest: list[str] = []
    for word in overrides:
        key, name = _pair(word)
        if key in ("data", "train"):
            groups[key] = name
        else:
            rest.append(word)
    return groups, rest


def _load_file(group: str, name: str) -> DictConfig:
    own = name.endswith((".yaml", ".yml"))
    path = Path(name) if own else config_folder() / group / f"{name}.yaml"
    if not path.is_file():
        names = available(group)
        raise UserError(
            f"unknown {group} {name!r}; available: {', '.join(names)}{nearest(name, names)}"
        )
    try:
        loaded = OmegaConf.load(path)
    except Exception as error:  # PyYAML raises its own family
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(loaded, DictConfig):
        raise UserError(f"{path}: expected keys and values")
    if group == "model" and not isinstance(loaded.get("model"), DictConfig):
        raise UserError(f"{path}: expected the nodes model and domain")
    return loaded


def _drop_unused(tree: Any, kind: str | None) -> None:
    """Forget what was set for another kind of domain than the one that is asked for."""
    domain = tree.get("domain")
    if isinstance(domain, dict) and kind in domain_kinds() and kind != domain.get("kind"):
        own = domain_kinds()[kind]
        kept = set(own.used) - set(own.needed)  # a size of one kind is none of another
        tree["domain"] = {name: given for name, given in domain.items() if name in kept}


def _check(config: Config) -> None:
    """Refuse what can be refused before any work is done."""
    if config.task not in TASKS:
        raise UserError(f"task: expected one of {', '.join(TASKS)}, got {config.task!r}")
    if ":" not in config.data.name and config.task in OF_NUMBERS:
        raise UserError(
            f"task={config.task}: the targets of data.name={config.data.name} ask for "
            f"{' or '.join(f'task={task}' for task in OF_PICTURES)}"
        )
    check_trainer(config.trainer)
    _check_model(config)
    domain_kind(config.domain.kind).options(asdict(config.domain))
    check_recipe(config.train, config.task, losses_of(config.task))
    check_digits(config.data.digits_per_sphere)
    check_inputs(config.data.input)
    if ":" not in config.data.name:
        check_picture_options(config.data.input, config.data.standardise)
    if config.data.digits_per_sphere > 1 and plan_class(config.task) is InvariantPlan:
        raise UserError(
            f"data.digits_per_sphere={config.data.digits_per_sphere} asks for segmentation: "
            "several digits have no one class (task=segmentation)"
        )
    check_convention(config.data.convention, config.domain.kind)
    data = config.data
    if data.distortion is not None:
        check_distortion(data.distortion, data.convention)
    check_poses(data.rotation, data.angle_mean, data.angle_spread, config.domain.chart)
    for key in ("train_size", "validation_size", "test_size", "copies"):
        size = getattr(config.data, key)
        if size is not None and size < 1:
            raise UserError(f"data.{key}: expected at least 1 or null, got {size}")
    seeds = {"seed": config.seed, "data.seed": config.data.seed}
    for key, seed in {**seeds, "domain.frame_seed": config.domain.frame_seed or 0}.items():
        if seed < 0:
            raise UserError(f"{key}: expected at least 0, got {seed}")


def _check_model(config: Config) -> None:
    """Refuse a model that its method does not know, or that has no plan for the task."""
    model = config.model
    method = method_for(model.get("method", ""), config.domain.kind)
    known = ["name", "method", "in_channels", *method.options, *TASKS]
    for key in model:
        if key not in known:
            hint = f" (not used by method {method.name})"
            raise UserError(f"unknown key 'model.{key}'{hint}{nearest(str(key), known, 'model')}")
    channels = value(int, model.get("in_channels", 1), "model.in_channels")
    vectors = method.read_options(model).get("in_vectors", 0)
    if channels < 0 or channels + vectors < 1:
        raise UserError(f"model.in_channels: expected at least 1, got {channels}")
    method.options_of(model).check_domain(config.domain)
    if config.task not in model:
        has = ", ".join(task for task in TASKS if task in model) or "none"
        name = model.get("name")
        raise UserError(f"model {name} has no plan for {config.task}; it has {has}")
    old: dict[str, str] = {}
    for task in TASKS:
        if task in model:
            old |= method.old_names(task, model[task])
            method.read_plan(task, model[task])
    warn_of_old_names(old)
