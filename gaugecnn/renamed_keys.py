"""Options of stages that have another name now: the old one works for one version.

A class of stages says it with ``renamed``, see `gaugecnn.plans.Stage`. A configuration keeps what
was written in it; whoever reads a plan reads the new names, and its check warns of the old ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

from gaugecnn.choices import types_of
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.plans import Plan, Stage
from gaugecnn.typed import joined


def with_new_names(
    plan: type[Plan], stage: type[Stage], node: Any, key: str
) -> tuple[Any, dict[str, str]]:
    """A plan's node with the options of its stages under their new names.

    Args:
        plan: the class of the plan.
        stage: that of its stages.
        node: in plain Python, of which nothing is known yet.
        key: where it stands.

    Returns:
        the node, and for each old key that it holds the new one.

    Raises:
        UserError: a stage gives both.
    """
    found: dict[str, str] = {}
    if not stage.renamed or not isinstance(node, Mapping):
        return node, found
    new = dict(node)
    for name, kind in types_of(plan).items():
        given, where = node.get(name), joined(key, name)
        if kind is Stage and isinstance(given, Mapping):
            new[name] = _renamed(given, stage.renamed, where, found)
        elif get_args(kind)[:1] == (Stage,) and isinstance(given, list | tuple):
            new[name] = [
                _renamed(inside, stage.renamed, f"{where}[{i}]", found)
                for i, inside in enumerate(given)
            ]
    return new, found


def warn_of_old_names(found: Mapping[str, str]) -> None:
    """Say, once in a process, which new key takes the place of an old one.

    Args:
        found: old keys, each with its new one.

    Warns:
        GaugecnnWarning: there is one.
    """
    if not found:
        return
    first: dict[str, str] = {}  # of each old name, where it is met first
    for old, new in found.items():
        first.setdefault(old.rpartition(".")[2], f"{old} is called {new} now")
    more = f" ({len(found) - len(first)} more such keys)" if len(found) > len(first) else ""
    _say(f"{', '.join(first.values())}{more}; the next version knows the new name alone")


@cache
def _say(message: str) -> None:
    """Each message once in a process: a training asks for its configuration several times."""
    warnings.warn(message, GaugecnnWarning, stacklevel=3)


def _renamed(given: Any, renamed: Mapping[str, str], key: str, found: dict[str, str]) -> Any:
    """A stage under its new names; what was renamed is added to `found`."""
    if not isinstance(given, Mapping):
        return given
    for old, new in renamed.items():
        if old in given and new in given:
            raise UserError(
                f"{joined(key, old)} is the old name of {joined(key, new)}, and both are given; "
                "give the new one alone"
            )
    found |= {joined(key, old): joined(key, new) for old, new in renamed.items() if old in given}
    return {renamed.get(name, name): value for name, value in given.items()}
