"""Which runs or numbers are meant: the value of each label, or a list of values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gaugecnn.errors import UserError
from gaugecnn.typed import joined, nearest

Overrides = tuple[str, ...]
"""``key=value``, as on the command line; a study's file calls them words."""
Names = tuple[str, ...]
"""Of factors, columns, presets or keys."""
Where = dict[str, Any]
"""The value of each label, or a list of values, of what is meant."""
OWN_TEST = "as trained"
"""The label `test` of a run's own tests."""


def values_of(given: Any) -> list[str]:
    """The values that are meant, as text: numbers are written as YAML reads them."""
    return [str(value) for value in (given if isinstance(given, list | tuple) else [given])]


def fits(labels: Mapping[str, str], where: Where | Mapping[str, Any]) -> bool:
    """Whether something with these labels is meant."""
    return all(labels.get(key) in values_of(given) for key, given in where.items())


def fits_one(labels: Mapping[str, str], where: Where | tuple[Where, ...]) -> bool:
    """Whether one of several mappings fits; none means all."""
    return any(fits(labels, part) for part in alternatives(where))


def alternatives(where: Where | tuple[Where, ...]) -> tuple[Where, ...]:
    """The mappings of which one must fit."""
    return where if isinstance(where, tuple) else (where,)


def check_factors(
    where: Mapping[str, Any], grid: Mapping[str, Collection[str]], key: str, also: str = "seed"
) -> None:
    """Refuse a factor or an alternative that there is not.

    Args:
        where: the alternatives that are meant, by factor.
        grid: those that there are.
        key: where it stands, for messages.
        also: a label beside the factors, of which any value may be meant.

    Raises:
        UserError: the first one; names what may have been meant.
    """
    for factor, given in where.items():
        if factor == also:
            continue
        check_labels([factor], [*grid, also], key)
        check_names(values_of(given), grid[factor], joined(key, factor))


def check_names(names: Collection[str], known: Collection[str], key: str, noun: str = "") -> None:
    """Refuse a name that there is not.

    Args:
        names: that are said.
        known: those that there are.
        key: where it stands, for messages.
        noun: what they are names of, with a space after it.

    Raises:
        UserError: the first one; names what may have been meant.
    """
    for name in names:
        if name not in known:
            hint = nearest(name, known)
            raise UserError(f"{key}: no {noun}{name!r}; there are: {', '.join(known)}{hint}")


def check_labels(labels: Collection[str], known: Collection[str], key: str) -> None:
    """Refuse a label that numbers do not have.

    Raises:
        UserError: the first one; names what may have been meant.
    """
    check_names(labels, known, key, "label ")
