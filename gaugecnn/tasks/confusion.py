"""Metrics from one weighted confusion matrix, accumulated over the whole test set."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.tasks.details import Details
from gaugecnn.tasks.exact import ExactMetric


class WeightedConfusion(ExactMetric):
    """``matrix[t, p]``: total weight of samples of true class t that were predicted as p.

    Sums are kept in float64 and added over processes, so that the metrics below are those of the
    whole test set however it was split.

    Args:
        classes: number of classes.
    """

    full_state_update = False

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.matrix: Tensor
        start = torch.zeros(classes, classes, dtype=torch.float64)
        self.add_state("matrix", default=start, dist_reduce_fx="sum")

    def update(self, prediction: Tensor, truth: Tensor, weight: Tensor) -> None:
        """Add samples; those whose true class is below 0 do not count.

        Args:
            prediction: predicted classes, any shape.
            truth: true classes, the same shape.
            weight: of each sample, broadcast to that shape.
        """
        cell = (truth.clamp_min(0) * self.classes + prediction).flatten()
        weights = (weight * (truth >= 0)).flatten().to(self.matrix)
        counts = torch.zeros(self.classes**2, dtype=self.matrix.dtype, device=weights.device)
        counts.index_add_(0, cell, weights)
        self.matrix += counts.view(self.classes, self.classes)

    def compute(self) -> Tensor:
        """The matrix ``(true class, predicted class)``."""
        return self.matrix


def accuracy(matrix: Tensor) -> Tensor:
    """Share of the weight on the diagonal of ``(..., true, predicted)``, in percent ``(...)``."""
    return 100 * matrix.diagonal(dim1=-2, dim2=-1).sum(-1) / matrix.sum((-2, -1))


def intersection_over_union(matrix: Tensor) -> Tensor:
    """``TP / (TP + FP + FN)`` of each class, in percent; NaN for a class that appears nowhere.

    Args:
        matrix: ``(..., true class, predicted class)``.

    Returns:
        ``(..., class)``.
    """
    hit = matrix.diagonal(dim1=-2, dim2=-1)
    union = matrix.sum(-2) + matrix.sum(-1) - hit
    return 100 * hit / union.where(union > 0, torch.full_like(union, torch.nan))


def by_class(matrix: Tensor) -> Details:
    """Intersection over union and recall of every class, and the matrix itself."""
    labels = [str(label) for label in range(len(matrix))]
    confusion = [
        {"true": label, **dict(zip(labels, row.tolist(), strict=True))}
        for label, row in zip(labels, matrix, strict=True)
    ]
    values = {
        "iou": intersection_over_union(matrix),
        "recall": 100 * matrix.diagonal() / matrix.sum(1),
    }
    rows = [
        {"class": label, **{name: f"{float(v[i]):.4f}" for name, v in values.items()}}
        for i, label in enumerate(labels)
    ]
    return Details("per_class", rows, confusion)


def segmentation_metrics(
    by_area: Tensor, by_pixel: Tensor, background: bool = True
) -> dict[str, float]:
    """The metrics of a segmenter, in percent.

    ``miou*`` weigh each sample point by its area, ``pixel_miou*`` give each one vote; the mean
    runs over the classes that appear in prediction or truth, `classes_absent` counts the others.

    Args:
        by_area: confusion ``(true, predicted)`` weighted by area.
        by_pixel: the same, one vote a point.
        background: whether class 0 is no part of the foreground.
    """
    area, pixel = intersection_over_union(by_area), intersection_over_union(by_pixel)
    first = int(background)
    return {
        "miou": float(area.nanmean()),
        "miou_foreground": float(area[first:].nanmean()),
        "pixel_miou": float(pixel.nanmean()),
        "pixel_miou_foreground": float(pixel[first:].nanmean()),
        "accuracy": float(accuracy(by_area)),
        "classes_absent": int(area.isnan().sum()),
    }
