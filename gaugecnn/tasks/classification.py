"""Classification: which class a signal is of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gaugecnn.data.batch import Batch
from gaugecnn.figures.sample import Sample
from gaugecnn.layers import LayerFamily
from gaugecnn.networks import InvariantNetwork, Network
from gaugecnn.plans import InvariantPlan
from gaugecnn.surfaces.domain import Domain
from gaugecnn.task_registry import OF_CLASSES
from gaugecnn.tasks.arrays import class_arrays
from gaugecnn.tasks.base import Task, present
from gaugecnn.tasks.losses import class_weights, weighted_cross_entropy

if TYPE_CHECKING:
    from gaugecnn.tasks.class_metrics import ClassificationMetric


class Classification(Task):
    """One of several classes for each signal: logits ``(batch, class)``.

    ``train.loss=balanced`` weighs a class by the inverse of its frequency among the training
    signals, ``sqrt_balanced`` by the root of that.
    """

    name = "classification"
    plan = InvariantPlan
    losses = OF_CLASSES
    monitored = "accuracy"
    _class_weights: Tensor | None = None

    def build(self, family: LayerFamily[Any], plan: InvariantPlan) -> Network:
        return InvariantNetwork(
            family, plan.stages, plan.head, self.outputs, residual=plan.residual
        )

    def target(self, batch: Batch) -> Tensor:
        return present(batch.label, self.name)

    def weigh(self, frequencies: Tensor) -> None:
        if len(frequencies) == self.outputs:  # a task made of the labels may have other classes
            self._class_weights = class_weights(frequencies, self.loss_name)

    def loss(
        self, outputs: Tensor, target: Tensor, areas: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        weight = torch.ones_like(outputs[:, 0])
        if self._class_weights is not None:
            weight = self._class_weights.to(outputs)[target.clamp_min(0)]
        return weighted_cross_entropy(outputs, target, weight, smoothing)

    def metrics(self) -> ClassificationMetric:
        from gaugecnn.tasks.class_metrics import ClassificationMetric

        return ClassificationMetric(self.outputs)

    def arrays(self, outputs: Tensor) -> dict[str, Tensor]:
        return class_arrays(outputs)

    def in_words(self, outputs: Tensor, domain: Domain) -> list[str]:
        return [str(label) for label in outputs.argmax(dim=1).tolist()]

    def drawn(self, sample: Sample, outputs: Tensor | None, batch: Batch | None) -> Sample:
        if batch is not None and batch.label is not None:
            sample = replace(sample, label=int(batch.label[0]))
        if outputs is not None:
            sample = replace(sample, probabilities=outputs.softmax(dim=0))
        return sample
