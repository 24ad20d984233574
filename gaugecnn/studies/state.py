"""What has become of a run, known from its directory alone.

``summary.json`` says that the training is done, ``tests/NAME-HASH.json`` holds the rows of a
further test, ``rows.json`` those of a measure, ``failed.json`` what went wrong, until it is to be
tried again; ``.study`` is locked by the process that is at it (`gaugecnn.records.file_lock`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from gaugecnn.errors import UserError
from gaugecnn.records.file_lock import is_held
from gaugecnn.records.files import read_summary, write_json
from gaugecnn.studies.identity import digest
from gaugecnn.studies.plan import Item, PlannedRun
from gaugecnn.studies.specification import Test

CLAIM = ".study"
"""The lock of the process that trains or tests a run for a study."""
FAILED = "failed.json"
ROWS = "rows.json"
TESTS = "tests"

Rows = list[dict[str, Any]]


class State(StrEnum):
    """What has become of a run."""

    done = "done"
    failed = "failed"
    running = "running"
    begun = "begun"
    missing = "missing"


def state_of(item: Item) -> State:
    """The state of a run or a measure: read from its directory."""
    folder = item.folder
    if not folder.is_dir():
        return State.missing
    if is_held(folder / CLAIM):
        return State.running
    return settled(item) or (State.begun if (folder / "config.yaml").is_file() else State.missing)


def settled(item: Item) -> State | None:
    """Whether it is done or has failed, whoever holds it; None for neither."""
    if not open_parts(item):
        return State.done
    return State.failed if (item.folder / FAILED).is_file() else None


def open_parts(item: Item) -> list[str]:
    """What of it is not done yet: the training, tests by their names, the measure."""
    if not isinstance(item, PlannedRun):
        return [] if (item.folder / ROWS).is_file() else [item.name]
    trained = is_trained(item.folder)
    untested = [t.name for t in item.tests if not test_file(item.folder, t).is_file()]
    return [*([] if trained else ["training"]), *untested]


def is_trained(folder: Path) -> bool:
    """Whether a training came to its end: `evaluate` leaves a summary of unfinished ones too."""
    return "epochs" in read_summary(folder)


def test_file(folder: Path, test: Test) -> Path:
    """Where the rows of a test are, if it was made with the words that it has now."""
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in test.name)
    return folder / TESTS / f"{name}-{digest([test.words, test.function, test.options])}.json"


def read_rows(path: Path) -> Rows:
    """The rows of a test or a measure; none where they are not there.

    Raises:
        UserError: the file is damaged.
    """
    if not path.is_file():
        return []
    try:
        rows = json.loads(path.read_text())
        return [{**row} for row in rows]
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged: {error}") from error


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep the rows of a test or a measure."""
    write_json(path, list(rows))


def write_failure(folder: Path, error: str, details: str) -> None:
    """Keep what went wrong.

    Args:
        folder: of the run.
        error: in one line.
        details: the traceback.
    """
    write_json(folder / FAILED, {"error": error, "details": details.splitlines()})


def failure(folder: Path) -> str:
    """What went wrong, in one line."""
    try:
        return str(json.loads((folder / FAILED).read_text())["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return "failed.json is damaged"


def forget_failure(folder: Path) -> None:
    """Let it be tried again."""
    (folder / FAILED).unlink(missing_ok=True)
