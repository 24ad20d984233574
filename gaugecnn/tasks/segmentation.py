"""Segmentation: which class each point is of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gaugecnn.data.batch import Batch
from gaugecnn.figures.sample import Sample
from gaugecnn.layers import LayerFamily
from gaugecnn.networks import FieldNetwork, Network
from gaugecnn.plans import FieldPlan
from gaugecnn.surfaces.domain import Domain
from gaugecnn.task_registry import OF_POINTS
from gaugecnn.tasks.arrays import class_arrays
from gaugecnn.tasks.base import Task, present
from gaugecnn.tasks.losses import (
    Loss,
    class_weights,
    foreground_weights,
    weighted_cross_entropy,
)

if TYPE_CHECKING:
    from gaugecnn.tasks.class_metrics import SegmentationMetric


class Segmentation(Task):
    """One of several classes for each point: logits ``(batch, class, *domain.shape)``.

    Class 0 of pictures is the background. ``balanced`` weighs a class by the inverse of its
    frequency, ``sqrt_balanced`` by the root of that: of the batch for pictures, whose digits share
    the frequency of the foreground; of all training samples for masks of one's own.
    """

    name = "segmentation"
    plan = FieldPlan
    losses = OF_POINTS
    monitored = "miou_foreground"
    _class_weights: Tensor | None = None

    def build(self, family: LayerFamily[Any], plan: FieldPlan) -> Network:
        return FieldNetwork(
            family, plan.stages, plan.project, plan.head, residual=plan.residual, skip=plan.skip
        )

    def target(self, batch: Batch) -> Tensor:
        return present(batch.mask, self.name)

    def weigh(self, frequencies: Tensor) -> None:
        if not self.description.background:
            self._class_weights = class_weights(frequencies, self.loss_name)

    def loss(
        self, outputs: Tensor, target: Tensor, areas: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        weight = areas.to(outputs).expand(target.shape)
        if self._class_weights is not None:
            weight = weight * self._class_weights.to(outputs)[target.clamp_min(0)]
        elif self.description.background and self.loss_name is not Loss.cross_entropy:
            weight = weight * foreground_weights(target, weight, self.outputs, self.loss_name)
        return weighted_cross_entropy(outputs, target, weight, smoothing)

    def metrics(self) -> SegmentationMetric:
        from gaugecnn.tasks.class_metrics import SegmentationMetric

        return SegmentationMetric(self.outputs, self.description.background)

    def arrays(self, outputs: Tensor) -> dict[str, Tensor]:
        return class_arrays(outputs)

    def in_words(self, outputs: Tensor, domain: Domain) -> list[str]:
        """The class that covers most of the surface, the background left out."""
        areas, first = domain.areas.cpu(), int(self.description.background)
        masks = outputs.argmax(dim=1).flatten(1).cpu()
        covered = [mask.bincount(areas, self.outputs)[first:] for mask in masks]
        return [str(int(c.argmax())) if c.max() > 0 else "background" for c in covered]

    def drawn(self, sample: Sample, outputs: Tensor | None, batch: Batch | None) -> Sample:
        if not self.description.background:
            sample = replace(sample, unmarked="no label")
        if batch is not None and batch.mask is not None:
            sample = replace(sample, mask=self._shown(batch.mask[0]))
        if outputs is not None:
            sample = replace(sample, predicted_mask=self._shown(outputs.argmax(dim=0)))
        return sample

    def _shown(self, mask: Tensor) -> Tensor:
        """A mask whose 0 is background: where there is none, points without a truth."""
        return mask if self.description.background else mask + 1

    @property
    def legend(self) -> int:
        return self.outputs - int(self.description.background)
