"""Overrides ``key=value`` as they are typed: of a text key the value is the text."""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, get_args

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from gaugecnn.errors import UserError
from gaugecnn.typed import joined, leaves, shown

UNDECODABLE = 0xDC00 - 0xF700
"""Python reads a byte that is no text as U+DC80 to U+DCFF, which no YAML file can hold; it is kept
as U+F780 to U+F7FF, which have no meaning of their own."""
KEY = re.compile(r"[^.\[\]]+(\[\d+\])*(\.[^.\[\]]+(\[\d+\])*)*")


def text_keys(schema: type) -> dict[str, Any]:
    """The keys of a typed configuration whose values are text or choices, with their types."""
    return {key: kind for key, kind in leaves(schema).items() if _is_text(kind)}


def parsed(key: str, typed: str, kind: Any) -> Any:
    """The value of an override.

    A text is neither read as YAML nor interpolated; null says that one is missing, where it may.

    Args:
        key: what is given the value.
        typed: the value as it was typed.
        kind: the type of a text key; None for other keys, which are read as YAML.

    Raises:
        UserError: a text that is no text, but for a file, or a value that is no YAML.
    """
    if kind is None:
        return _from_yaml(key, typed)
    if typed == "null" and type(None) in get_args(kind):
        return None
    kept = re.sub("[\udc80-\udcff]", lambda byte: chr(ord(byte[0]) - UNDECODABLE), typed)
    if kept != typed and key != "domain.file":
        raise UserError(f"{key}: expected text, got {typed!a}, which is not UTF-8")
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", kept)  # OmegaConf's escape


def file_name(text: str) -> str:
    """The name of a file whose name `parsed` kept."""
    return re.sub("[\uf780-\uf7ff]", lambda byte: chr(ord(byte[0]) + UNDECODABLE), text)


def assign(tree: dict[str, Any], key: str, value: Any) -> None:
    """Give a key its value in a configuration, in plain Python.

    Nodes that are not there yet are made, entries of a list are not.

    Args:
        tree: the configuration.
        key: such as ``model.classification.stages[2].channels``.
        value: what it is given.

    Raises:
        UserError: this is no key, the list has no such entry, or something on the way has no keys.
    """
    if not KEY.fullmatch(key):
        raise UserError(f"expected a key such as domain.level or stages[0].channels, got {key!r}")
    *parts, last = re.findall(r"[^.\[\]]+", key)
    node: Any = tree
    for depth, part in enumerate(parts):
        place = _place(node, part, parts[:depth])
        if isinstance(node, dict) and node.get(part) is None:
            node[part] = {}
        node = node[place]
    node[_place(node, last, parts)] = value


def _place(node: Any, part: str, before: list[str]) -> str | int:
    """Where an entry is found in a node: its name, or its index, once it is known to exist."""
    where = _written(before)
    if isinstance(node, dict):
        return part
    if not isinstance(node, list):
        raise UserError(f"{where}: expected something with keys to set .{part}, got {shown(node)}")
    indices = [str(i) for i in range(len(node))]
    if part not in indices:
        there = f"there are {len(node)}, the last one is [{len(node) - 1}]" if node else "no entry"
        raise UserError(f"{where}[{part}] is out of range: {there}")
    return indices.index(part)


def _written(parts: list[str]) -> str:
    """The key of these parts as it is typed."""
    key = ""
    for part in parts:
        key = f"{key}[{part}]" if part.isdecimal() else joined(key, part)
    return key


def _is_text(kind: Any) -> bool:
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return any(isinstance(k, type) and issubclass(k, str) for k in kinds)


def _from_yaml(key: str, typed: str) -> Any:
    try:
        read = OmegaConf.from_dotlist([f"value={typed}"])
        content: Any = OmegaConf.to_container(read, resolve=False)
        str(content)  # Python writes no number of more than some thousand digits
    except (YAMLError, OmegaConfBaseException, ValueError, RecursionError) as error:
        reason = getattr(error, "problem", None) or str(error)
        raise UserError(f"{key}: expected YAML, got {shown(typed)}: {reason}") from error
    return content["value"]
