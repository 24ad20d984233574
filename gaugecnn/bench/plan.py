"""What is measured: the models of a benchmark, and one configuration for each.

    models=[cnn_218k,s2cnn_204k,s2cnn_204k:model.max_order=4+model.sampling=1.5]

An entry is the name of a model, or of a YAML file; what follows ``:`` are overrides of that entry
only, ``+`` between them. No shell splits this; only zsh needs quotes, for the brackets, which may
as well be left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from omegaconf import DictConfig

from gaugecnn.config import TASKS, load_config, model_tasks
from gaugecnn.errors import UserError

OWN_KEYS = ("models", "task", "batch", "repeats", "device", "compile")
CONFIG_KEYS = ("seed", "data.name", "data.root", "data.download")
CONFIG_SECTIONS = ("model.", "domain.")
DEVICES = ("auto", "cpu", "cuda")
EXAMPLE = "models=[cnn_218k,s2cnn_204k]"


@dataclass(frozen=True)
class Entry:
    """A model of the comparison.

    Args:
        name: the entry as the user gave it, overrides included.
        config: its configuration.
    """

    name: str
    config: DictConfig


@dataclass(frozen=True)
class Plan:
    """A benchmark, checked.

    Args:
        entries: the models; ratios are to the first.
        task: the task of all of them.
        batch: signals per call.
        repeats: rounds of forward passes; there are half as many of training steps.
        device: where they run.
        compile: whether ``torch.compile`` is measured too.
        command: the command line that runs it again.
    """

    entries: tuple[Entry, ...]
    task: str
    batch: int
    repeats: int
    device: torch.device
    compile: bool
    command: str

    @property
    def train_repeats(self) -> int:
        """Rounds of training steps, which take several times as long as forward passes."""
        return (self.repeats + 1) // 2


def plan_from_words(given: Mapping[str, str]) -> Plan:
    """The plan of a command line's ``key=value`` words.

    Raises:
        UserError: a key or a value that cannot be.
    """
    own: dict[str, Any] = {key: given[key] for key in ("task", "device") if key in given}
    for key in ("batch", "repeats"):
        if key in given:
            own[key] = _whole_number(key, given[key])
    if "compile" in given:
        own["compile"] = _truth("compile", given["compile"])
    overrides = [f"{key}={value}" for key, value in given.items() if key not in OWN_KEYS]
    return make_plan(split_entries(given.get("models", "")), overrides=overrides, **own)


def make_plan(
    models: Sequence[str],
    *,
    task: str | None = None,
    batch: int = 1,
    repeats: int = 10,
    device: str = "auto",
    compile: bool = False,
    overrides: Sequence[str] = (),
) -> Plan:
    """Check what is asked for and load the configurations.

    Args:
        models: names, or ``NAME:key=value+key=value``; ratios are to the first.
        task: by default segmentation if every model has it, else classification.
        batch: signals per call.
        repeats: rounds of forward passes; there are half as many of training steps.
        device: ``auto``, ``cpu`` or ``cuda``.
        compile: measure ``torch.compile`` too; some networks take many minutes to compile.
        overrides: ``key=value`` for every model.

    Raises:
        UserError: a model, key or value that cannot be, or no task that the models share.
    """
    parsed = [_parse(entry) for entry in models]
    if not parsed:
        raise UserError(f"models: expected at least one model, such as {EXAMPLE}")
    for key, count in (("batch", batch), ("repeats", repeats)):
        if count < 1:
            raise UserError(f"{key}: expected at least 1, got {count}")
    _check_keys([*overrides, *(word for _, own in parsed for word in own)])
    place = _device(device)
    known = {name: _named(name, model_tasks, name) for name, _ in parsed}
    task = task or _shared_task(known)
    configs = [
        _named(entry, load_config, name, task, [*overrides, *own])
        for entry, (name, own) in zip(models, parsed, strict=True)
    ]
    words = [f"models=[{','.join(models)}]", f"task={task}", f"batch={batch}"]
    words += [f"repeats={repeats}", f"device={place.type}", f"compile={str(compile).lower()}"]
    return Plan(
        entries=tuple(Entry(n, c) for n, c in zip(models, configs, strict=True)),
        task=task,
        batch=batch,
        repeats=repeats,
        device=place,
        compile=compile,
        command=shlex.join(["gaugecnn", "bench", *words, *overrides]),
    )


def split_entries(text: str) -> list[str]:
    """``[a,b:key=[1,2]]`` as ``a`` and ``b:key=[1,2]``: commas inside brackets do not count."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _parse(entry: str) -> tuple[str, list[str]]:
    """An entry's name and overrides; a ``+`` begins one only where a key follows (not in 1e+3)."""
    name, colon, rest = entry.partition(":")
    if not name or (colon and not rest):
        raise UserError(f"models: expected NAME or NAME:key=value+key=value, got {entry!r}")
    return name, re.split(r"\+(?=[\w.\[\]]+=)", rest) if rest else []


def _check_keys(overrides: Sequence[str]) -> None:
    """Refuse a key that a benchmark would ignore."""
    for word in overrides:
        key, equals, _ = word.partition("=")
        if not equals:
            raise UserError(f"expected key=value, got {word!r}")
        if key not in CONFIG_KEYS and not key.startswith(CONFIG_SECTIONS):
            known = ", ".join([*OWN_KEYS, "output", *CONFIG_KEYS])
            raise UserError(f"unknown key {key!r}; bench uses {known}, model.* and domain.*")


def _shared_task(tasks: Mapping[str, Sequence[str]]) -> str:
    """Segmentation if every model has a plan for it, else classification if every one has."""
    for task in reversed(TASKS):
        if all(task in has for has in tasks.values()):
            return task
    lacking = [
        f"{name} has no plan for {task}"
        for task in reversed(TASKS)
        for name, has in tasks.items()
        if task not in has
    ]
    raise UserError(f"models: no task is shared by all: {'; '.join(lacking)}")


def _device(name: str) -> torch.device:
    if name not in DEVICES:
        raise UserError(f"device: expected one of {', '.join(DEVICES)}, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("device=cuda: torch finds no CUDA device here")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _named(entry: str, function: Any, *arguments: Any) -> Any:
    """The result of a function whose errors say which entry they are about."""
    try:
        return function(*arguments)
    except UserError as error:
        raise UserError(f"{entry}: {error}") from error


def _whole_number(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UserError(f"{key}: expected a whole number, got {text!r}") from error


def _truth(key: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise UserError(f"{key}: expected true or false, got {text!r}")
    return text == "true"
