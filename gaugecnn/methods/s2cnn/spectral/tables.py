"""Constants of the transforms: built in float64, held once per precision and device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from gaugecnn.ops.outline import outlined


class Table(ABC):
    """The recipe of one constant tensor: hashable, small, compared by value."""

    @abstractmethod
    def build(self) -> Tensor:
        """The tensor on the CPU, in float64 or integers."""


_shared: WeakValueDictionary[tuple[Table, torch.dtype, torch.device], Tensor] = (
    WeakValueDictionary()
)


def shared_tensor(table: Table, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The table in a precision and on a device; all its users hold one tensor."""
    key = (table, dtype, device)
    tensor = _shared.get(key)
    if tensor is None:
        with torch.device("cpu"):  # wherever new modules are being put
            tensor = table.build()
        if tensor.is_floating_point():
            tensor = _without_dust(tensor, dtype).to(dtype)
        tensor = tensor.to(device)
        _shared[key] = tensor
    return tensor


class TableModule(nn.Module):
    """A module whose constants are non-persistent buffers cast from float64, once each.

    A change of precision casts them anew from float64, so that ``.float().double()`` loses
    nothing; below float32 they stay in float32, in which the transforms compute.

    Args:
        tables: the constants by the names of their buffers.
    """

    def __init__(self, **tables: Table) -> None:
        super().__init__()
        self._tables = {} if outlined() else tables
        dtype = _at_least_single(torch.get_default_dtype())
        for name, table in self._tables.items():
            tensor = shared_tensor(table, dtype, torch.get_default_device())
            self.register_buffer(name, tensor, persistent=False)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        for name, table in self._tables.items():
            moved = getattr(self, name)
            setattr(self, name, shared_tensor(table, _at_least_single(moved.dtype), moved.device))
        return self


def _without_dust(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """A float64 table with zeros for what no sum in `dtype` can notice.

    Near a pole, small d falls to the smallest numbers there are, and processors take a hundred
    times as long for each product with a subnormal one.
    """
    largest = tensor.abs().max()
    return tensor.masked_fill(tensor.abs() < torch.finfo(dtype).eps ** 2 * largest, 0.0)


def _at_least_single(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)
