"""Large tensors a part at a time, so that what is made on the way stays in a processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

CACHED = 1 << 17
"""Numbers of a tensor that are worked on at a time on a CPU."""


def in_parts(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Tensors of one length, a few rows of the first axis of all of them at a time.

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
        function: of tensors of one shape and precision, and of `out`, a place for the tensor of
            that shape that it gives, or None where there is none: it need not use it.
        tensors: what it takes.
    """
    if torch.is_grad_enabled():  # derivatives of derivatives
        return torch.cat([function(*parts, out=None) for parts in in_parts(*tensors)])
    whole = torch.empty_like(tensors[0])
    for here, *parts in in_parts(whole, *tensors):
        if here is whole:
            return function(*parts, out=None)
        found = function(*parts, out=here)
        if found is not here:
            here.copy_(found)
    return whole
