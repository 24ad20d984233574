"""What tables name: ours by ``module:attribute``, other packages' by entry points."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, TypeVar

from gaugecnn.errors import GaugecnnWarning, UserError


class Named(Protocol):
    """What a table holds."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


def imported(home: str) -> Any:
    """What ``module:attribute`` names; its module is imported."""
    module, _, name = home.partition(":")
    return getattr(import_module(module), name)


def with_brought(
    built_in: Mapping[str, T], group: str, what: str, check: Callable[[object], T]
) -> dict[str, T]:
    """A table with what entry points bring; what cannot be used is named and left out.

    Args:
        built_in: by name.
        group: of the entry points.
        what: they are, for messages.
        check: gives what was loaded, once it is known to be one; whatever it raises is told.

    Warns:
        GaugecnnWarning: something cannot be used, or has a name that is given already.
    """
    found = dict(built_in)
    for point in entry_points(group=group):
        try:
            brought = check(point.load())
            if brought.name in found:
                raise UserError(f"a {what} {brought.name} exists already")
        except Exception as error:  # whatever another package raises
            warnings.warn(_left_out(point, what, error), GaugecnnWarning, stacklevel=2)
        else:
            found[brought.name] = brought
    return found


def _left_out(point: EntryPoint, what: str, error: Exception) -> str:
    package = f" of {point.dist.name}" if point.dist else ""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return f"the {what} {point.name}{package} ({point.value}) is left out: {reason}"
