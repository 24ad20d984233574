"""The metrics of a task. They need torchmetrics, which is slow to import; networks do not."""

from __future__ import annotations

from torch import Tensor

from gaugecnn.tasks.details import Details
from gaugecnn.tasks.exact import ExactMetric


class TaskMetric(ExactMetric):
    """The metrics of a task over a whole test set, summed over batches and processes."""

    full_state_update = False

    def update(self, outputs: Tensor, target: Tensor, areas: Tensor) -> None:
        """Add a batch.

        Args:
            outputs: of the network.
            target: as the task takes it from a batch.
            areas: of the domain's points ``(*domain.shape)``.
        """
        raise NotImplementedError

    def compute(self) -> dict[str, float]:
        """Value by name."""
        raise NotImplementedError

    def details(self) -> Details:
        """Values by class or output."""
        raise NotImplementedError
