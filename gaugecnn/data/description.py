"""What a network has to know of its data: enough to be loaded where the data are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor

from gaugecnn.errors import UserError


@dataclass(frozen=True)
class Description:
    """Channels, targets and units of a data set; a run stores it, never the data.

    Args:
        channels: scalar fields of a signal.
        vectors: vector fields of a signal, behind the scalars, x, y and z of each.
        outputs: how many classes or numbers each task asks for that the targets allow.
        background: whether class 0 of a mask is what lies between the classes of the data.
        tangent: whether fields to regress are tangent vectors, `outputs` of them.
        layout: where the values of fields stand; None of pictures.
        inputs: what is read of fields and of the surface, ``data.input``.
        mean: of each channel before it is standardised; empty where signals stay as they are.
        deviation: of each channel, likewise.
        target_mean: of each number to regress; empty for classes.
        target_deviation: of each number to regress; empty for classes.
    """

    channels: int
    outputs: Mapping[str, int]
    vectors: int = 0
    background: bool = True
    tangent: bool = False
    layout: str | None = None
    inputs: str = "values"
    mean: tuple[float, ...] = field(default=())
    deviation: tuple[float, ...] = field(default=())
    target_mean: tuple[float, ...] = field(default=())
    target_deviation: tuple[float, ...] = field(default=())

    def outputs_of(self, task: str) -> int:
        """How many outputs a task has on these data.

        Raises:
            UserError: the targets are of another kind.
        """
        if task not in self.outputs:
            raise UserError(f"task={task}: the targets of the data ask for {self.kinds}")
        return self.outputs[task]

    @property
    def kinds(self) -> str:
        """The overrides that choose a task which the targets allow."""
        return " or ".join(f"task={task}" for task in self.outputs)

    def in_units_of(self, other: Description) -> Description:
        """The same data in the units that another description has."""
        return replace(
            self,
            mean=other.mean,
            deviation=other.deviation,
            target_mean=other.target_mean,
            target_deviation=other.target_deviation,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain numbers, lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Description:
        """What `to_json` gave.

        Raises:
            UserError: it is something else.
        """
        known = {f.name for f in fields(cls)}
        if not {"channels", "outputs"} <= set(content) or not set(content) <= known:
            raise UserError(f"expected the keys {', '.join(sorted(known))}, got {list(content)}")
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in content.items()}
        return cls(**lists)  # type: ignore[arg-type]


def moments(
    numbers: Tensor, weights: Tensor | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each row, NaN left out; a constant's deviation is 1.

    Args:
        numbers: ``(row, number)``.
        weights: of each number, broadcast to that shape; None for equal ones.
    """
    known = ~numbers.isnan()
    weight = known.double() * (1.0 if weights is None else weights.double())
    total = weight.sum(1).clamp_min(1e-300)
    there = torch.nan_to_num(numbers.double())
    mean = (weight * there).sum(1) / total
    variance = (weight * (there - mean[:, None]).square()).sum(1) / total
    deviation = variance.sqrt()
    constant = deviation <= 1e-9 * mean.abs().clamp_min(1e-9)
    return tuple(mean.tolist()), tuple(torch.where(constant, 1.0, deviation).tolist())
