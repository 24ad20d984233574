"""What can be known to be wrong of a study before hours of training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gaugecnn.callables import current_directory_importable, find_callable
from gaugecnn.errors import UserError
from gaugecnn.records.results import COLUMNS
from gaugecnn.studies.plan import SEED
from gaugecnn.studies.planning import grid_of
from gaugecnn.studies.specification import Study
from gaugecnn.studies.where import Where, alternatives, check_factors, check_labels, check_names

SCORES = "gaugecnn.studies.image_scores:rows"
"""The test that scores every image by itself."""
FURTHER = ("test", "condition")
"""Labels of a number beside columns and factors."""


def check_shown(study: Study) -> None:
    """Refuse labels that no number will have, wherever numbers are shown or expected.

    Raises:
        UserError: the first one; names what may have been meant.
    """
    factors = grid_of(study, study.presets.values())
    for factor in factors:
        if factor in FURTHER or (factor in COLUMNS and factor not in ("model", "task")):
            raise UserError(f"grid.{factor}: numbers have a label of this name; choose another")
    named = {**factors, SEED: None}
    for column in ("model", "train_rotation"):
        pattern = getattr(study.columns, column) or ""
        try:
            pattern.format_map(named)
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            there = ", ".join(f"{{{factor}}}" for factor in named)
            raise UserError(f"columns.{column}: {pattern!r} has more than {there}") from error
    known = _labels(factors)
    _check_differences(study)
    for i, table in enumerate(study.tables):
        key = f"tables[{i}]"
        check_labels(table.rows, known, f"{key}.rows")
        check_labels(table.columns, known, f"{key}.columns")
        check_labels(table.beside, list(COLUMNS), f"{key}.beside")
        _check_where(study, table.where, f"{key}.where")
        for j, published in enumerate(table.published):
            if len(published.row) != len(table.rows):
                raise UserError(
                    f"{key}.published[{j}].row: expected {len(table.rows)} names, one for each of "
                    f"rows, got {len(published.row)}"
                )
    for i, figure in enumerate(study.figures):
        for part in ("panels", "x", "series"):
            check_labels(getattr(figure, part), known, f"figures[{i}].{part}")
        _check_where(study, figure.where, f"figures[{i}].where")
    for option in ("tests", "measures", "expected"):
        for i, part in enumerate(getattr(study, option)):
            check_labels(part.presets, [*study.presets], f"{option}[{i}].presets")
    for i, expected in enumerate(study.expected):
        key = f"expected[{i}]"
        _check_where(study, expected.where, f"{key}.where")
        _check_where(study, expected.of, f"{key}.of")


def _labels(factors: Iterable[str]) -> list[str]:
    """All that numbers may have."""
    return list(dict.fromkeys([*factors, *FURTHER, *COLUMNS]))


def _check_where(study: Study, where: Where | tuple[Where, ...], key: str) -> None:
    """Refuse labels, tests and alternatives that no number will have.

    Columns can be anything: a measure may have another model or task than the runs.
    """
    factors = grid_of(study, study.presets.values())
    named = {**factors, "test": study.numbered}
    for part in alternatives(where):
        check_labels(part, _labels(factors), key)
        told = [label for label in part if label in named and label not in COLUMNS]
        check_factors({label: part[label] for label in told}, named, key)


def _check_differences(study: Study) -> None:
    """Refuse a comparison of what is not there, or of what no test scores image by image."""
    factors = grid_of(study, study.presets.values())
    scored = [test.name for test in study.tests if test.function == SCORES]
    for i, difference in enumerate(study.differences):
        key = f"differences[{i}]"
        if difference.test not in scored:
            there = ", ".join(scored) or "none"
            raise UserError(
                f"{key}.test: expected a test by {SCORES}, got {difference.test!r}; {there}"
            )
        check_labels([difference.factor], [*factors], f"{key}.factor")
        for option in ("of", "minus"):
            known = factors[difference.factor]
            check_names([getattr(difference, option)], known, f"{key}.{option}")
        check_factors(difference.where, factors, f"{key}.where")


def check_functions(study: Study) -> None:
    """Refuse functions that are not there; their modules are imported.

    Raises:
        UserError: the first one.
    """
    with current_directory_importable():
        for key, name in _functions(study):
            find_callable(name, f"{key}.function")


def _functions(study: Study) -> Iterator[tuple[str, str]]:
    for name in ("tests", "measures", "figures"):
        for i, part in enumerate(getattr(study, name)):
            if part.function is not None:
                yield f"{name}[{i}]", part.function
