"""What a test leaves beside its metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Details:
    """Values by class or by output.

    Args:
        parts: the file ``PARTS.csv`` in which they are written.
        rows: one row for each of them.
        confusion: the rows of a confusion matrix; none where there are no classes.
    """

    parts: str
    rows: list[Row]
    confusion: list[Row]
