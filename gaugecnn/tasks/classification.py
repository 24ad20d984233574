"""Classification: which class a signal is of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gaugecnn.data.batch import Batch
from gaugecnn.figures.sample import Sample
from gaugecnn.layers import LayerFamily
from gaugecnn.networks import InvariantNetwork, Network
from gaugecnn.plans import InvariantPlan
from gaugecnn.surfaces.domain import Domain
from gaugecnn.task_registry import OF_CLASSES
from gaugecnn.tasks.base import Task, TaskMetric, present
from gaugecnn.tasks.confusion import WeightedConfusion, accuracy, by_class, class_arrays
from gaugecnn.tasks.details import Details
from gaugecnn.tasks.losses import class_weights, weighted_cross_entropy


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
        return {"accuracy": accuracy(self.confusion.compute())}

    def reset(self) -> None:
        super().reset()
        self.confusion.reset()

    def details(self) -> Details:
        return by_class(self.confusion.compute())


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
