"""Functions of the user's own that a configuration names, ``path.to:callable``."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gaugecnn.errors import UserError


@contextmanager
def current_directory_importable() -> Iterator[None]:
    """Modules of the current directory can be imported meanwhile, as they are in ``python``."""
    directory = os.getcwd()
    sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.path.remove(directory)


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
