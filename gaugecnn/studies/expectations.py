"""What is expected of a study's numbers, beside what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from gaugecnn.studies.numbers import Number
from gaugecnn.studies.shown import Expectation
from gaugecnn.studies.spread import Spread, chosen, grouped
from gaugecnn.studies.where import alternatives, fits, values_of

TOLD = ("test", "condition", "metric", "dtype")
"""What tells the numbers of one network apart."""


def missed(
    expected: Expectation, numbers: Sequence[Number], factors: Sequence[str], key: str
) -> Iterator[str]:
    """What is not as expected, one line each.

    Numbers are grouped by the alternatives of all factors (those of a measure by their `model`),
    the test, the condition, the metric and the precision, and their mean over seeds is looked at.
    What was not reached has no number, and is a miss too: of an alternative that is named, or of a
    seed that has other numbers of the same test.

    Args:
        expected: of which numbers, and what.
        numbers: all of the study.
        factors: of its grid.
        key: where it is said, for messages.

    Raises:
        UserError: several numbers of one seed that nothing tells apart.
    """
    found = chosen(numbers, expected.where)
    if not found:
        yield f"{expected.name}: there is no such number yet"
        return
    for name in _without(expected, found):
        yield f"{expected.name}: {name}: there is no such number yet"
    for labels, (value, _, _, seeds) in _spreads(found, factors, key):
        own = {name: given for name, given in labels.items() if name not in TOLD}
        who = ", ".join(own.values())
        tested = {
            n.labels["seed"] for n in numbers if fits(n.labels, {**own, "test": labels["test"]})
        }
        if seeds < len(tested):
            yield f"{expected.name}: {who}: {seeds} of {len(tested)} seeds have such a number"
        against = {**labels, **{name: values_of(given)[0] for name, given in expected.of.items()}}
        others = _values(numbers, against) if expected.of else [1.0]
        if not others:
            yield f"{expected.name}: {who}: there is no {_other(expected)} yet to compare it with"
            continue
        unit = fmean(others)
        of = f" of the {unit:.4g} of {_other(expected)}" if expected.of else ""
        for limit, word, wrong in (
            (expected.at_least, "at least", lambda v, bound: not v >= bound),
            (expected.at_most, "at most", lambda v, bound: not v <= bound),
        ):
            if limit is not None and wrong(value, limit * unit):
                yield f"{expected.name}: {who}: {value:.4g}, expected {word} {limit:g}{of}"


def _names(number: Number, factors: Sequence[str]) -> tuple[str, ...]:
    """The labels that tell a number from the others of its seed."""
    own = [factor for factor in factors if factor in number.labels]
    return (*(own or ["model"]), *(name for name in TOLD if name in number.labels))


def _spreads(
    numbers: Sequence[Number], factors: Sequence[str], key: str
) -> Iterator[tuple[dict[str, str], Spread]]:
    """The labels of each group, and its spread over seeds."""
    kinds: dict[tuple[str, ...], list[Number]] = {}
    for number in numbers:
        kinds.setdefault(_names(number, factors), []).append(number)
    for names, alike in kinds.items():
        for values, spread in grouped(alike, names, key).items():
            yield dict(zip(names, values, strict=True)), spread


def _without(expected: Expectation, found: Sequence[Number]) -> Iterator[str]:
    """Values that are asked for by name, and that no number has."""
    for where in alternatives(expected.where):
        meant = [number.labels for number in found if fits(number.labels, where)]
        for label, given in where.items():
            there = {labels.get(label) for labels in meant}
            yield from (value for value in values_of(given) if value not in there)


def _values(numbers: Sequence[Number], labels: dict[str, str]) -> list[float]:
    return [number.value for number in numbers if fits(number.labels, labels)]


def _other(expected: Expectation) -> str:
    return ", ".join(values_of(given)[0] for given in expected.of.values())
