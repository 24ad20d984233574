"""What a model's file says of a network, read before any layer is known.

A method adds its options to `Stage` and `Options`; what a task's node of the file holds is a plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from gaugecnn.choices import settle_choices
from gaugecnn.domain_options import DomainSection
from gaugecnn.errors import OptionError


class Normalisation(StrEnum):
    """What follows a convolution."""

    batch = "batch"
    none = "none"


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options ``model.OPTION`` of a method; those with more of them have a subclass.

    Args:
        normalisation: ``batch`` or ``none``.

    Raises:
        OptionError: an option is none of its choices.
    """

    normalisation: Normalisation = Normalisation.batch

    def __post_init__(self) -> None:
        settle_choices(self)

    def check_domain(self, domain: DomainSection) -> None:
        """Refuse options that a method cannot have on a domain; by default it can have all.

        Raises:
            UserError: the key, what it expects and what it was given.
        """

    def reasons(self, plan: Plan, domain: DomainSection) -> list[str] | None:
        """Why a plan would break its method's symmetries on a domain of just this size.

        Args:
            plan: of a task.
            domain: with its ``size``.

        Returns:
            Sentences; none where the plan is exact, and None (the default) of a method whose
            symmetries do not depend on the size of this kind of domain, or which has none.
        """
        return None


@dataclass(frozen=True)
class Stage:
    """One step of a network's plan: its width; methods add their options in a subclass.

    Args:
        channels: channels of the feature that the stage produces.

    Attributes:
        renamed: old names of options with the new ones, of a class: plans that give the old ones
            are read for one version, with a warning.

    Raises:
        OptionError: an option is out of range.
    """

    channels: int
    renamed: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        settle_choices(self)
        at_least(1, channels=self.channels)


@dataclass(frozen=True)
class Head:
    """The perceptron at the end of a network.

    Args:
        hidden: width of each hidden layer.
        dropout: probability of dropping a hidden unit while training.

    Raises:
        OptionError: an option is out of range.
    """

    hidden: tuple[int, ...] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise OptionError("dropout", f"expected 0 <= head.dropout < 1, got {self.dropout}")
        if any(width < 1 for width in self.hidden):
            raise OptionError(
                "hidden", f"expected head.hidden of widths >= 1, got {list(self.hidden)}"
            )


@dataclass(frozen=True)
class LearnedAugmentation:
    """Rotations of the input whose distribution is learned (Benton et al. 2020).

    Args:
        samples: rotations over which the answer is a mean, but in training, where there is one.
        penalty: what wide distributions are worth: it times the width is taken from the loss.

    Raises:
        OptionError: an option is out of range.
    """

    samples: int = 8
    penalty: float = 0.1

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise OptionError("samples", f"expected samples >= 1, got {self.samples}")
        if not self.penalty >= 0:
            raise OptionError("penalty", f"expected penalty >= 0, got {self.penalty}")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the plans of all tasks hold.

    Args:
        stages: the first one lifts the signal.
        residual: give every block but the first a shortcut.
        head: the perceptron at the end.
        augmentation: rotations of the input that are learned; None for none.

    Raises:
        OptionError: there is no stage.
    """

    stages: tuple[Stage, ...]
    residual: bool = False
    head: Head = Head()
    augmentation: LearnedAugmentation | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            raise OptionError("stages", "expected at least one stage, got none")


@dataclass(frozen=True, kw_only=True)
class InvariantPlan(Plan):
    """A network that ends in numbers which no symmetry changes; its head reads them."""


@dataclass(frozen=True, kw_only=True)
class FieldPlan(Plan):
    """A network that ends in fields on the domain; its head is the same at each point.

    Args:
        project: the last stage; of how many channels the task says.
        skip: add to each block of the second half the feature of its mirror in the first half.
    """

    project: Stage
    skip: bool = False


def at_least(least: int, **options: float) -> None:
    """Refuse options of a stage below a bound.

    Raises:
        OptionError: one of them is, or is no number.
    """
    for name, value in options.items():
        if not value >= least:
            raise OptionError(name, f"expected {name} >= {least} in a stage, got {value}")


def least_order(of_stage: int | None, of_model: int | None) -> int | None:
    """The highest order of a stage's feature: the least of those that are given, if one is.

    Args:
        of_stage: the stage's own `max_order`; None where it does not say.
        of_model: ``model.max_order``, which bounds all stages; None for no bound.
    """
    given = [order for order in (of_stage, of_model) if order is not None]
    return min(given, default=None)
