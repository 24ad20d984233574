"""The plan of a network, read from a model file: its stages, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass

from gaugecnn.heads import Head
from gaugecnn.layers import Stage


@dataclass(frozen=True)
class InvariantPlan:
    """Of a network that gives numbers.

    Args:
        stages: the trunk.
        residual: give every block but the first a shortcut.
        head: the perceptron behind the invariants.
    """

    stages: tuple[Stage, ...]
    residual: bool
    head: Head


@dataclass(frozen=True)
class FieldPlan:
    """Of a network that gives fields.

    Args:
        stages: the trunk.
        project: the last stage; its channels are the outputs.
        residual: give every block but the first a shortcut.
        skip: add to each block of the second half its mirror in the first half.
        head: the perceptron at each point.
    """

    stages: tuple[Stage, ...]
    project: Stage
    residual: bool
    skip: bool
    head: Head
