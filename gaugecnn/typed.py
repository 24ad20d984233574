"""Dataclasses from the nodes of a YAML file: every key known, every value of its type.

    read(Head, {"hidden": [8], "dropout": "no"}, "model.classification.head")
    UserError: model.classification.head.dropout: expected a number, got 'no'

Nothing is taken for something else: 1 is no truth value, 0.5 no whole number, and no number is
infinite.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from textwrap import shorten
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from gaugecnn.choices import types_of
from gaugecnn.errors import OptionError, UserError

T = TypeVar("T")
Instead = Mapping[type, type]

LARGEST_INTEGER = 2**63 - 1
"""What a tensor can hold, and a seed be."""
NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
NOTHING: Instead = {}


def read(kind: type[T], node: object, key: str, instead: Instead = NOTHING) -> T:
    """An object of a dataclass from a node of YAML.

    Args:
        kind: the dataclass.
        node: the node in plain Python: mappings, lists, text, numbers.
        key: where the node stands, for messages; empty at the top.
        instead: the dataclass that is read where a field names another one.

    Raises:
        UserError: an unknown key, one that is missing, or a value of another type or out of range.
    """
    options = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    check_names(node, options, key)
    assert isinstance(node, Mapping)
    hints = types_of(kind)
    values = {n: value(hints[n], given, joined(key, n), instead) for n, given in node.items()}
    for name, field in options.items():
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and name not in values:
            raise UserError(f"{joined(key, name)}: expected a value, got none")
    try:
        return kind(**values)
    except OptionError as error:
        raise UserError(f"{joined(key, error.option)}: {error}") from error
    except (TypeError, ValueError) as error:
        raise UserError(f"{key}: {error}") from error


def value(kind: Any, given: object, key: str, instead: Instead = NOTHING) -> Any:
    """What was given, once it is known to be of a type; words become members of their enum.

    Args:
        kind: a truth value, a number, text, a `StrEnum`, a dataclass, a list or tuple of any
            length, names with values of one type, or one of several; what else a method from
            outside may say is not checked.
        given: in plain Python.
        key: where it stands, for messages.
        instead: the dataclass that is read where the type names another one.

    Raises:
        UserError: it is of another type.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(inner, given, key, instead)
    if origin is list or (origin is tuple and inner[1:] == (...,)):
        if not isinstance(given, list | tuple):
            raise UserError(f"{key}: expected a list, got {shown(given)}")
        return origin(value(inner[0], v, f"{key}[{i}]", instead) for i, v in enumerate(given))
    if origin is dict and not isinstance(given, Mapping):
        raise UserError(f"{key}: expected keys below it, got {shown(given)}")
    if origin is dict:
        assert isinstance(given, Mapping)
        named = {_name(name, key): inside for name, inside in given.items()}
        return {n: value(inner[1], inside, joined(key, n), instead) for n, inside in named.items()}
    if not isinstance(kind, type) or origin is not None:
        return given
    if issubclass(kind, StrEnum):
        if given not in list(kind):
            raise UserError(f"{key}: expected one of {', '.join(kind)}, got {shown(given)}")
        return kind(str(given))
    if is_dataclass(kind):
        return read(instead.get(kind, kind), given, key, instead)
    return _plain(kind, given, key)


def check_names(node: object, known: Iterable[str], key: str) -> None:
    """Refuse what has no keys below it, or others than those that are known.

    Raises:
        UserError: it does; names the nearest ones.
    """
    known = list(known)
    if not isinstance(node, Mapping):
        raise UserError(f"{key}: expected the keys {', '.join(known)}; got {shown(node)}")
    for name in node:
        if name not in known:
            raise UserError(f"unknown key {joined(key, name)!r}{nearest(str(name), known, key)}")


def leaves(kind: type) -> dict[str, Any]:
    """All keys of a dataclass and of those within it, with their types."""
    found: dict[str, Any] = {}
    for name, inner in types_of(kind).items():
        if isinstance(inner, type) and is_dataclass(inner):
            found |= {joined(name, key): type_ for key, type_ in leaves(inner).items()}
        else:
            found[name] = inner
    return found


def joined(key: str, name: object) -> str:
    """The key of what is called `name` in the node `key`."""
    return f"{key}.{name}" if key else str(name)


def nearest(name: str, known: Iterable[str], key: str = "") -> str:
    """The end of a message: what may have been meant, if anything is near."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    meant = " or ".join(joined(key, other) for other in close)
    return f"; did you mean {meant}?" if meant else ""


def shown(given: object) -> str:
    """What was given, in a line that is not too long; null for None, as in YAML."""
    if given is None:
        return "null"
    if isinstance(given, bool):
        return str(given).lower()
    try:
        return shorten(repr(given), 80)
    except ValueError:  # Python writes no number of more than some thousand digits
        return "a number with thousands of digits"


def _one_of(kinds: tuple[Any, ...], given: object, key: str, instead: Instead) -> Any:
    if given is None and NoneType in kinds:
        return None
    kinds = tuple(kind for kind in kinds if kind is not NoneType)
    if len(kinds) == 1:
        return value(kinds[0], given, key, instead)
    for kind in kinds:
        try:
            return value(kind, given, key, instead)
        except UserError:
            continue
    names = " or ".join(NAMES.get(kind, getattr(kind, "__name__", str(kind))) for kind in kinds)
    raise UserError(f"{key}: expected {names}, got {shown(given)}")


def _name(given: object, key: str) -> str:
    """A name in a node, as text: YAML reads 10 as a number, and no as a truth value."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise UserError(f"{key}: expected a name, got {shown(given)}; write it in quotes")
    return str(given)


def _plain(kind: type, given: object, key: str) -> Any:
    if kind not in NAMES:
        return given
    fits = isinstance(given, (int, float) if kind is float else kind)
    if not fits or (isinstance(given, bool) and kind is not bool):
        raise UserError(f"{key}: expected {NAMES[kind]}, got {shown(given)}")
    if isinstance(given, int) and abs(given) > LARGEST_INTEGER:
        raise UserError(f"{key}: expected a number below 2^63, got {shown(given)}")
    if isinstance(given, float) and not math.isfinite(given):
        raise UserError(f"{key}: expected a finite number, got {given}")
    return kind(given)
