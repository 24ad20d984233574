"""Numbers brought together: means over seeds with their range, by the labels that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from gaugecnn.errors import UserError
from gaugecnn.studies.numbers import Number
from gaugecnn.studies.where import Where, fits_one

Names = tuple[str, ...]


class Spread(NamedTuple):
    """A number over seeds."""

    mean: float
    least: float
    greatest: float
    seeds: int

    def text(self, form: str, seeds: int = 1) -> str:
        """The mean and, of several seeds, the range.

        Args:
            form: of a number, as in Python.
            seeds: how many there might have been: said where some have no such number.
        """
        mean, least, greatest = (format(value, form) for value in self[:3])
        told = [f"{least} to {greatest}"] if self.seeds > 1 else []
        told += [f"{self.seeds} of {seeds} seeds"] if self.seeds < seeds else []
        return f"{mean} ({'; '.join(told)})" if told else mean


def spread(values: Sequence[float]) -> Spread:
    """Mean and range of numbers, of which there is at least one."""
    return Spread(fmean(values), min(values), max(values), len(values))


def chosen(numbers: Sequence[Number], where: Where | tuple[Where, ...]) -> list[Number]:
    """The numbers that are meant."""
    return [number for number in numbers if fits_one(number.labels, where)]


def names_of(number: Number, labels: Sequence[str]) -> Names:
    """The values of labels; nothing for one that only others have."""
    return tuple(number.labels.get(label, "") for label in labels)


def grouped(numbers: Sequence[Number], labels: Sequence[str], key: str) -> dict[Names, Spread]:
    """The spread over seeds of what has the same labels, in order of appearance.

    Args:
        numbers: that are meant.
        labels: that tell them apart.
        key: where that is said, for messages.

    Raises:
        UserError: two numbers of one seed have the same labels; names the labels that differ.
    """
    groups: dict[Names, dict[str, Number]] = {}
    for number in numbers:
        group = groups.setdefault(names_of(number, labels), {})
        other = group.setdefault(number.labels["seed"], number)
        if other is not number and dict(other.row) != dict(number.row):
            differ = [k for k, v in number.labels.items() if other.labels.get(k) != v]
            telling = [name for name in differ if name not in ("value", "command")] or differ
            raise UserError(
                f"{key}: several numbers of one seed have the {' and '.join(labels)} "
                f"{', '.join(names_of(number, labels))!r}; they differ in {', '.join(telling)}: "
                "name it among the labels, or choose one with where"
            )
    return {
        names: spread([number.value for number in group.values()])
        for names, group in groups.items()
    }
