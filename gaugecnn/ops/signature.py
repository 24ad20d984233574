"""What `torch.autograd.Function` asks of a forward in every call, kept."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def bound_once(forward: F) -> F:
    """A forward beside a `setup_context`, whose signature is worked out once.

    ``apply`` binds the arguments to ``inspect.signature(forward)``, which takes longer than many a
    map of small tensors: a training step has a hundred of them.
    """
    forward.__signature__ = inspect.signature(forward)  # type: ignore[attr-defined]
    return forward
