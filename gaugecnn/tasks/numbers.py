"""Metrics of numbers: absolute and squared errors, and how much of the variance they leave."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.tasks.details import Details
from gaugecnn.tasks.losses import weighed
from gaugecnn.tasks.metric import TaskMetric


class ErrorMetric(TaskMetric):
    """MAE, RMSE and R2 of each output, and their means over outputs.

    ``mae = sum w |d| / sum w``, ``rmse = sqrt(sum w d^2 / sum w)``, d the distance between answer
    and target, and ``r2 = 1 - sum w d^2 / sum w |t - t_mean|^2``, for vectors without the mean,
    which would be a direction. `nrmse` is the RMSE in standard deviations of the training targets.

    Args:
        deviation: of the targets in training ``(output,)``.
        vectors: whether an output is a vector ``(xyz,)`` at each point.
    """

    sums: Tensor

    def __init__(self, deviation: Tensor, vectors: bool = False) -> None:
        super().__init__()
        self.deviation, self.vectors = deviation.double(), vectors
        start = torch.zeros(5, len(deviation), dtype=torch.float64)
        self.add_state("sums", default=start, dist_reduce_fx="sum")

    def update(self, outputs: Tensor, target: Tensor, areas: Tensor) -> None:
        weight, distance, size = weighed(outputs, target, areas, self.vectors)
        target = size if self.vectors else torch.nan_to_num(target)
        w, d, t = (x.double().movedim(1, 0).flatten(1) for x in (weight, distance, target))
        added = [w, w * d.abs(), w * d.square(), w * t, w * t.square()]  # (output, number) each
        self.sums += torch.stack([x.sum(1) for x in added]).to(self.sums)

    def compute(self) -> dict[str, float]:
        """The means over outputs that have targets; NaN where none has."""
        values = self._by_output()
        return {name: float(value.nanmean()) for name, value in values.items()}

    def details(self) -> Details:
        values = self._by_output()
        rows = [
            {"output": i, **{name: f"{float(v[i]):.6g}" for name, v in values.items()}}
            for i in range(len(self.deviation))
        ]
        return Details("per_output", rows, [])

    def _by_output(self) -> dict[str, Tensor]:
        weight, absolute, squared, first, second = self.sums
        weight = torch.where(weight > 0, weight, torch.nan)
        mean = torch.zeros_like(first) if self.vectors else first / weight
        variance = (second / weight - mean.square()).clamp_min(0)
        error = squared / weight
        rmse = error.sqrt()
        r2 = 1 - error / torch.where(variance > 0, variance, torch.nan)
        deviation = self.deviation.to(rmse)
        return {"mae": absolute / weight, "rmse": rmse, "r2": r2, "nrmse": rmse / deviation}
