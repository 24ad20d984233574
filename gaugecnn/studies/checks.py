"""What can be known to be wrong of a study before hours of training."""

from __future__ import annotations

from collections.abc import Iterator

from gaugecnn.callables import current_directory_importable, find_callable
from gaugecnn.errors import UserError
from gaugecnn.studies.plan import SEED
from gaugecnn.studies.specification import Study
from gaugecnn.studies.where import alternatives, check_labels
from gaugecnn.training.results import COLUMNS

FURTHER = ("test", "condition")
"""Labels of a number beside columns and factors."""


def check_shown(study: Study) -> None:
    """Refuse labels that no number will have, wherever numbers are shown or expected.

    Raises:
        UserError: the first one; names what may have been meant.
    """
    added = [factor for preset in study.presets.values() for factor in preset.grid]
    factors = dict.fromkeys([*study.grid, *added])
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
    known = list(dict.fromkeys([*factors, *FURTHER, *COLUMNS]))
    for i, table in enumerate(study.tables):
        key = f"tables[{i}]"
        check_labels(table.rows, known, f"{key}.rows")
        check_labels(table.columns, known, f"{key}.columns")
        check_labels(table.beside, list(COLUMNS), f"{key}.beside")
        for where in alternatives(table.where):
            check_labels(where, known, f"{key}.where")
        for j, published in enumerate(table.published):
            if len(published.row) != len(table.rows):
                raise UserError(
                    f"{key}.published[{j}].row: expected {len(table.rows)} names, one for each of "
                    f"rows, got {len(published.row)}"
                )
    for i, figure in enumerate(study.figures):
        for part in ("panels", "x", "series"):
            check_labels(getattr(figure, part), known, f"figures[{i}].{part}")
        for where in alternatives(figure.where):
            check_labels(where, known, f"figures[{i}].where")
    for i, expected in enumerate(study.expected):
        key = f"expected[{i}]"
        for where in (*alternatives(expected.where), expected.of):
            check_labels(where, known, f"{key}.where")
        for name in expected.presets:
            if name not in study.presets:
                there = ", ".join(study.presets) or "none"
                raise UserError(f"{key}.presets: no {name!r}; there are: {there}")


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
