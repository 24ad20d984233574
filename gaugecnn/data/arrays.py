"""Arrays that users give, of NumPy or torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gaugecnn.errors import UserError


def as_tensor(value: object, what: str) -> Tensor:
    """A tensor on the CPU of an array of numbers or a tensor.

    Raises:
        UserError: it is neither; `what` says where it comes from.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, np.ndarray) and value.dtype.kind in "buif":
        return torch.from_numpy(value.astype(value.dtype.newbyteorder("=")))
    raise UserError(
        f"{what}: expected an array of numbers or a tensor, got {describe_value(value)}"
    )


def describe_value(value: object) -> str:
    """What something is, for a message."""
    if isinstance(value, np.ndarray):
        return f"an array of type {value.dtype}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    return f"a {type(value).__name__}"
