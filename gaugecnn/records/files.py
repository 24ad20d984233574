"""Tables and JSON, never half-written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from gaugecnn.errors import UserError
from gaugecnn.files import write_atomically


def write_json(path: Path, content: Any) -> None:
    """Write JSON, indented."""
    write_atomically(path, lambda file: file.write(json.dumps(content, indent=2) + "\n"))


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows under the union of their columns, in order of appearance."""
    text = csv_text(rows)
    write_atomically(path, lambda file: file.write(text))


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as `write_csv` writes them."""
    rows = list(rows)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    file = StringIO(newline="")
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header, or none where there is no file.

    Raises:
        UserError: it is no such file.
    """
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: expected a table in CSV, as UTF-8: {error}") from error


def read_summary(run: Path) -> dict[str, Any]:
    """The run's summary.json, or an empty one while there is none."""
    path = run / "summary.json"
    try:
        return json.loads(path.read_text()) if path.is_file() else {}
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}") from error
