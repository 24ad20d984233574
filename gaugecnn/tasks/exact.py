"""Sums that stay in float64, whatever the precision of the network that they count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from torchmetrics import Metric


class ExactMetric(Metric):
    """A metric whose states keep their precision, and follow the network to its device alone.

    TorchMetrics guards them against ``.half()`` and ``.double()``, but not against
    ``.to(torch.bfloat16)``, in which a count ends at 256.
    """

    def _apply(self, fn: Callable[[Tensor], Tensor], exclude_state: Sequence[str] = "") -> Any:
        return super()._apply(lambda state: state.to(fn(state).device), exclude_state)
