"""Copies of modules whose parts may be exchanged without touching the module itself."""

from __future__ import annotations

from copy import copy
from typing import TypeVar

from torch import nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def shallow(module: ModuleT) -> ModuleT:
    """A module with the same parameters, buffers and parts, in tables of its own."""
    other = copy(module)
    for table in ("_parameters", "_buffers", "_modules"):
        setattr(other, table, dict(getattr(module, table)))
    return other
