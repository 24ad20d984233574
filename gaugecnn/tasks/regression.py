"""Regression: numbers of a signal, or at each of its points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gaugecnn.data.batch import Batch
from gaugecnn.errors import UserError
from gaugecnn.figures.sample import Sample
from gaugecnn.heads import Units
from gaugecnn.layers import LayerFamily
from gaugecnn.networks import FieldNetwork, InvariantNetwork, Network
from gaugecnn.plans import FieldPlan, InvariantPlan
from gaugecnn.surfaces.domain import Domain
from gaugecnn.task_registry import OF_DISTANCES
from gaugecnn.tasks.base import Task, present
from gaugecnn.tasks.losses import weighed, weighted_distance

if TYPE_CHECKING:
    from gaugecnn.tasks.numbers import ErrorMetric


class NumbersTask(Task):
    """What the two regressions share: networks in the units of the targets, distances, errors.

    Losses are of distances in standard deviations of the training targets: ``l2``, ``l1``, or
    ``huber`` with one deviation as its threshold. A target that is NaN counts in none.
    """

    losses = OF_DISTANCES
    monitored = "nrmse"
    mode = "min"

    @property
    def units(self) -> Units:
        """The units of the targets; vectors have no mean."""
        mean = torch.tensor(self.description.target_mean or [0.0] * self.outputs)
        return Units(torch.zeros_like(mean) if self.vectors else mean, self.deviation)

    @property
    def deviation(self) -> Tensor:
        """Deviation of each target in training ``(output,)``, of vectors their RMS length."""
        return torch.tensor(self.description.target_deviation or [1.0] * self.outputs)

    @property
    def vectors(self) -> bool:
        """Whether each output is a tangent vector at each point."""
        return False

    def loss(
        self, outputs: Tensor, target: Tensor, areas: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        if smoothing:
            raise UserError(f"train.label_smoothing={smoothing}: task={self.name} has no labels")
        weight, distance, _ = weighed(outputs, target, areas, self.vectors)
        unit = self.deviation.to(outputs).view(-1, *[1] * (distance.dim() - 2))
        return weighted_distance(distance / unit, weight, self.loss_name)

    def metrics(self) -> ErrorMetric:
        from gaugecnn.tasks.numbers import ErrorMetric

        return ErrorMetric(self.deviation, self.vectors)

    def arrays(self, outputs: Tensor) -> dict[str, Tensor]:
        """The answers themselves, in the units of the targets."""
        return {"prediction": outputs}

    @property
    def legend(self) -> int:
        return 0


class Regression(NumbersTask):
    """Numbers that no symmetry changes: ``(batch, output)``."""

    name = "regression"
    plan = InvariantPlan

    def build(self, family: LayerFamily[Any], plan: InvariantPlan) -> Network:
        return InvariantNetwork(
            family,
            plan.stages,
            plan.head,
            self.outputs,
            residual=plan.residual,
            units=self.units,
        )

    def target(self, batch: Batch) -> Tensor:
        return present(batch.label, self.name)

    def in_words(self, outputs: Tensor, domain: Domain) -> list[str]:
        return [" ".join(f"{value:.4g}" for value in row) for row in outputs.tolist()]

    def drawn(self, sample: Sample, outputs: Tensor | None, batch: Batch | None) -> Sample:
        if batch is not None and batch.label is not None:
            sample = replace(sample, numbers=batch.label[0])
        return sample if outputs is None else replace(sample, predicted_numbers=outputs)


class FieldRegression(NumbersTask):
    """Numbers at each point, ``(batch, output, *domain.shape)``, weighted by area.

    Or tangent vectors, given and returned in space: ``(batch, output, xyz, *domain.shape)``.
    """

    name = "field_regression"
    plan = FieldPlan

    @property
    def vectors(self) -> bool:
        return self.description.tangent

    def build(self, family: LayerFamily[Any], plan: FieldPlan) -> Network:
        return FieldNetwork(
            family,
            plan.stages,
            plan.project,
            plan.head,
            residual=plan.residual,
            skip=plan.skip,
            vectors=self.vectors,
            units=self.units,
        )

    def target(self, batch: Batch) -> Tensor:
        return present(batch.mask, self.name)

    def in_words(self, outputs: Tensor, domain: Domain) -> list[str]:
        """The area-weighted mean of each output, of vectors the mean of their length."""
        size = outputs.square().sum(2).sqrt() if self.vectors else outputs
        areas = (domain.areas / domain.areas.sum()).to(size)
        means = size.flatten(2) @ areas  # (sample, output)
        return [" ".join(f"mean {value:.4g}" for value in row) for row in means.tolist()]

    def drawn(self, sample: Sample, outputs: Tensor | None, batch: Batch | None) -> Sample:
        if batch is not None and batch.mask is not None:
            sample = replace(sample, field=batch.mask[0])
        return sample if outputs is None else replace(sample, predicted_field=outputs)
