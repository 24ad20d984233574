"""Functions of the user's own that a configuration names, ``path.to:callable``."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from typing import Any

from gaugecnn.errors import UserError

_DIRECTORIES: dict[str, str] = {}
"""By the names of modules that were found in a current directory, which one it was."""


@contextmanager
def current_directory_importable() -> Iterator[None]:
    """Modules of the current directory can be imported meanwhile, as they are in ``python``.

    Python keeps a module by its name. What was imported from another directory, where this process
    stood before, is forgotten first, so that a name means the file that is here.
    """
    directory = os.getcwd()
    for name in [name for name, place in _DIRECTORIES.items() if place != directory]:
        del _DIRECTORIES[name]
        sys.modules.pop(name, None)
    known = set(sys.modules)
    sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.path.remove(directory)
        for name in sorted(set(sys.modules) - known):  # a package before its parts
            root = name.partition(".")[0]
            if root in _DIRECTORIES or (root not in known and _lies_in(root, directory)):
                _DIRECTORIES[name] = directory


def _lies_in(root: str, directory: str) -> bool:
    found = PathFinder.find_spec(root, [directory])
    loaded = getattr(sys.modules.get(root), "__spec__", None)
    if found is None or loaded is None:
        return False
    places = [
        spec.origin or list(spec.submodule_search_locations or ()) for spec in (found, loaded)
    ]
    return places[0] == places[1]


def find_callable(name: str, key: str) -> Callable[..., Any]:
    """The callable of a name.

    Args:
        name: ``path.to:callable``.
        key: of the configuration, for messages.

    Raises:
        UserError: there is no such module, or nothing callable of that name in it.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise UserError(f"expected {key} as path.to:callable, got {name!r}")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise UserError(
            f"{key}={name}: cannot import {module_name} from {os.getcwd()} or the installed "
            f"packages: {error}"
        ) from error
    function = getattr(module, attribute, None)
    if not callable(function):
        got = f"a {type(function).__name__}" if hasattr(module, attribute) else "no such name"
        raise UserError(
            f"{key}={name}: expected a callable {attribute} in {module.__file__}, got {got}"
        )
    found: Callable[..., Any] = function
    return found


def accepted(function: Callable[..., Any], **offered: Any) -> dict[str, Any]:
    """Those of the arguments on offer that a function has parameters for."""
    taken = inspect.signature(function).parameters
    return {name: value for name, value in offered.items() if name in taken}
