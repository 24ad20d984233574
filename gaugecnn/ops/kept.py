"""What follows from a parameter, computed once while nothing is learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")


class Keeping(nn.Module):
    """A module that keeps one value which follows from one of its parameters.

    The value is computed anew when the parameter has changed in place (an optimiser's step,
    ``load_state_dict``) or is another tensor; only a write through ``parameter.data`` goes
    unnoticed, as it does by autograd. Nothing is kept in training, or while gradients may be asked
    for, and nothing of it is in a state dict, a copy or a file.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[Tensor, tuple[int, int], Any] | None = None

    def _once(self, parameter: Tensor, compute: Callable[[], T]) -> T:
        """The value.

        Args:
            parameter: what it depends on.
            compute: gives it, for the parameter as it is now.
        """
        learns = self.training or (torch.is_grad_enabled() and parameter.requires_grad)
        if learns or torch.compiler.is_compiling():
            self._kept = None
            return compute()
        state = (parameter._version, parameter.data_ptr())
        if self._kept is None or self._kept[0] is not parameter or self._kept[1] != state:
            with torch.inference_mode(False), torch.no_grad():
                self._kept = parameter, state, compute()
        value: T = self._kept[2]
        return value

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        self._kept = None  # another precision or device
        return super()._apply(fn, recurse)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}
