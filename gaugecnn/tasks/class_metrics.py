"""The metrics of the tasks that name classes: of whole signals, and of their points."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.tasks.confusion import WeightedConfusion, accuracy, by_class, segmentation_metrics
from gaugecnn.tasks.details import Details
from gaugecnn.tasks.metric import TaskMetric


class ClassificationMetric(TaskMetric):
    """The share of signals whose class is found, in percent.

    Args:
        classes: how many there are.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.confusion = WeightedConfusion(classes)

    def update(self, outputs: Tensor, target: Tensor, areas: Tensor) -> None:
        self.confusion.update(outputs.argmax(dim=1), target, torch.ones_like(outputs[:, 0]))

    def compute(self) -> dict[str, float]:
        return {"accuracy": float(accuracy(self.confusion.compute()))}

    def reset(self) -> None:
        super().reset()
        self.confusion.reset()

    def details(self) -> Details:
        return by_class(self.confusion.compute())


class SegmentationMetric(TaskMetric):
    """Intersection over union and accuracy, in percent, by area and by sample points.

    Args:
        classes: how many there are, background included.
        background: whether class 0 is no part of the foreground.
    """

    def __init__(self, classes: int, background: bool) -> None:
        super().__init__()
        self.background = background
        self.by_area = WeightedConfusion(classes)
        self.by_point = WeightedConfusion(classes)

    def update(self, outputs: Tensor, target: Tensor, areas: Tensor) -> None:
        found = outputs.argmax(dim=1)
        self.by_area.update(found, target, areas)
        # Sample points outside the surface (corners of a chart) have no area and no vote.
        self.by_point.update(found, target, (areas > 0).to(areas))

    def compute(self) -> dict[str, float]:
        matrices = self.by_area.compute(), self.by_point.compute()
        return segmentation_metrics(*matrices, self.background)

    def reset(self) -> None:
        super().reset()
        self.by_area.reset()
        self.by_point.reset()

    def details(self) -> Details:
        return by_class(self.by_area.compute())
