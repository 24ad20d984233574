"""Large tensors a part at a time, so that what is made on the way stays in a processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

CACHED = 1 << 17
"""Numbers of a tensor that are worked on at a time on a CPU."""


def in_parts(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Tensors of one shape, a few rows of the first axis of all of them at a time.

    In one part where it would not help: on a GPU, and while compiling.
    """
    first = tensors[0]
    if first.device.type != "cpu" or torch.compiler.is_compiling() or first.numel() <= CACHED:
        return iter([tensors])
    rows = max(1, CACHED * len(first) // first.numel())
    return zip(*(tensor.split(rows) for tensor in tensors), strict=True)


def by_parts(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """``function(*tensors)`` for one that treats each row of the first axis alone.

    Args:
        function: of tensors of one shape and precision, gives another such tensor.
        tensors: what it takes.
    """
    out = torch.empty_like(tensors[0])
    for here, *parts in in_parts(out, *tensors):
        found = function(*parts)
        if here is out:
            return found
        here.copy_(found)
    return out
