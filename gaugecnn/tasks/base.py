"""Task: what is asked of a network: its end, the target, loss and metrics, what is shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor

from gaugecnn.data.batch import Batch
from gaugecnn.data.description import Description
from gaugecnn.errors import UserError
from gaugecnn.figures.sample import Sample
from gaugecnn.layers import LayerFamily
from gaugecnn.networks import Network
from gaugecnn.plans import FieldPlan, InvariantPlan
from gaugecnn.surfaces.domain import Domain
from gaugecnn.tasks.losses import Loss

if TYPE_CHECKING:
    from gaugecnn.tasks.metric import TaskMetric


class Task(ABC):
    """What is asked of a network.

    Args:
        description: of the data.
        loss: which of `losses`; ``auto`` is the first one.

    Raises:
        UserError: the data have other targets, or there is no such loss for the task.
    """

    name: ClassVar[str]
    plan: ClassVar[type[InvariantPlan] | type[FieldPlan]]
    losses: ClassVar[Sequence[Loss]]
    monitored: ClassVar[str]
    """The validation metric by which the best checkpoint is chosen."""
    mode: ClassVar[str] = "max"
    """Whether more (``max``) or less (``min``) of it is better."""

    def __init__(self, description: Description, loss: Loss | str = Loss.auto) -> None:
        self.description = description
        self.outputs = self.count(description)
        if loss not in (Loss.auto, *self.losses):
            raise UserError(
                f"train.loss: expected one of {', '.join((Loss.auto, *self.losses))} "
                f"for task={self.name}, got {loss!r}"
            )
        self.loss_name = self.losses[0] if loss == Loss.auto else Loss(loss)

    def count(self, description: Description) -> int:
        """How many outputs a network has on such data.

        Raises:
            UserError: their targets are of another kind.
        """
        return description.outputs_of(self.name)

    @abstractmethod
    def build(self, family: LayerFamily[Any], plan: Any) -> Network:
        """The network of a plan, ended as the task asks.

        Args:
            family: its layers.
            plan: of the class `plan`; a projection's channels are the task's outputs.
        """

    @abstractmethod
    def target(self, batch: Batch) -> Tensor:
        """What the network should answer.

        Raises:
            UserError: the batch has no target of this kind.
        """

    @abstractmethod
    def loss(
        self, outputs: Tensor, target: Tensor, areas: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        """What is minimised, a number.

        Args:
            outputs: of the network.
            target: see `target`.
            areas: of the domain's points ``(*domain.shape)``.
            smoothing: share of a label that goes to all classes alike.
        """

    @abstractmethod
    def metrics(self) -> TaskMetric:
        """A new counter."""

    def weigh(self, frequencies: Tensor) -> None:
        """Learn how often each class is met in training ``(class,)``; tasks of numbers need not."""
        return

    @abstractmethod
    def arrays(self, outputs: Tensor) -> dict[str, Tensor]:
        """What `gaugecnn predict` writes, by name; ``prediction`` is the answer itself."""

    @abstractmethod
    def in_words(self, outputs: Tensor, domain: Domain) -> list[str]:
        """The answer to each sample, short enough for a table."""

    @abstractmethod
    def drawn(self, sample: Sample, outputs: Tensor | None, batch: Batch | None) -> Sample:
        """A sample with its target, where a batch of it is given, and with the network's answer.

        Args:
            sample: the signal.
            outputs: of the network for this sample, without a batch axis; None for no answer.
            batch: the sample alone, rendered; None where the truth is not known.
        """

    @property
    def legend(self) -> int:
        """How many classes the colours of a mask tell apart, background left out."""
        return self.outputs


def present(value: Tensor | None, task: str) -> Tensor:
    """A target that is there.

    Raises:
        UserError: the data have no such target.
    """
    if value is None:
        raise UserError(f"task={task}: the data have no such targets")
    return value


def __getattr__(name: str) -> Any:
    """`TaskMetric`, for those who write a task; not before, because torchmetrics is slow."""
    if name != "TaskMetric":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gaugecnn.tasks.metric import TaskMetric

    return TaskMetric
