"""One run of a study, done in this process: claimed, trained, tested; or the failure kept.

A run that was begun goes on from its last epoch. Whatever it prints goes to ``log.txt`` in its
directory, and line by line to whoever wants to be told.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from enum import StrEnum
from io import TextIOBase
from pathlib import Path
from typing import IO, Any

import torch

from gaugecnn.callables import accepted, current_directory_importable, find_callable
from gaugecnn.config import override
from gaugecnn.errors import UserError
from gaugecnn.records.attempt import EARLIER, METRICS
from gaugecnn.records.file_lock import HeldError
from gaugecnn.records.lock import is_main_process, locked
from gaugecnn.records.provenance import commit, device_name
from gaugecnn.records.results import COLUMNS
from gaugecnn.studies.devices import ALONE, own_device, several
from gaugecnn.studies.plan import Item, PlannedMeasure, PlannedRun
from gaugecnn.studies.specification import Test
from gaugecnn.studies.state import (
    CLAIM,
    ROWS,
    Rows,
    forget_failure,
    is_trained,
    open_parts,
    settled,
    test_file,
    write_failure,
    write_rows,
)
from gaugecnn.training.run import evaluate, train

LOG = "log.txt"
NEEDED = ("test_condition", "metric", "value")
"""Columns that only the function can know."""
OF_MEASURES = ("model", *NEEDED)


class Outcome(StrEnum):
    """How it ended; `held` where another process is at it, or is needed for what is left."""

    done = "done"
    failed = "failed"
    held = "held"


TellLine = Callable[[str], None]
"""Is called with every line that a run prints."""


def work(item: Item, tell: TellLine, slot: int = 0) -> Outcome:
    """Do what of a run is not done, unless another process is at it.

    Args:
        item: the run or the measure.
        tell: is called with each line that it prints.
        slot: which of the processes at work this is.
    """
    try:
        with locked(item.folder, name=CLAIM):
            if settled(item) is not None:
                return Outcome(str(settled(item)))
            return _tried(item, tell, slot)
    except HeldError:
        return Outcome.held


def _tried(item: Item, tell: TellLine, slot: int) -> Outcome:
    with logged(item.folder / LOG, tell):
        try:
            _do(item, slot)
        except HeldError:
            raise
        except Exception as error:
            if is_main_process():
                write_failure(item.folder, _reason(error), traceback.format_exc())
            traceback.print_exc()
            return Outcome.failed
    if open_parts(item):
        return Outcome.held
    forget_failure(item.folder)
    return Outcome.done


def _reason(error: Exception) -> str:
    """An error in one line; the class of those that are not the user's."""
    text = " ".join(str(error).split())
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"


def _do(item: Item, slot: int) -> None:
    if isinstance(item, PlannedMeasure):
        write_rows(item.folder / ROWS, _measured(item))
        return
    device = own_device(item.config, slot)
    if not is_trained(item.folder):
        forget_first_epoch(item.folder)
        again = [f"output={item.folder}", "train.resume=true"]
        train(override(item.config, [*device, *again]))
        if several(item.config):
            return  # the tests are for a process that none trains with
    places = [*item.places, *(ALONE if several(item.config) else device)]
    for test in item.tests:
        file = test_file(item.folder, test)
        if not file.is_file():
            print(f"test {test.name}", flush=True)
            write_rows(file, _tested(item, test, places))


def forget_first_epoch(folder: Path) -> None:
    """Begin anew what was killed in its first epoch, between its best checkpoint and its last one.

    Nothing can go on from the best one alone.
    """
    best, last = (folder / "checkpoints" / f"{name}.ckpt" for name in ("best", "last"))
    if is_main_process() and best.is_file() and not last.is_file():
        with locked(folder):
            for file in (best, folder / METRICS, folder / EARLIER):
                file.unlink(missing_ok=True)


def _tested(run: PlannedRun, test: Test, places: list[str]) -> Rows:
    """The rows of one further test."""
    if test.function is None:
        found = evaluate(run.folder, [*test.words, *places])["test"]
        return [
            {"test_condition": condition, "metric": metric, "value": f"{value:.4f}"}
            for condition, metrics in found.items()
            for metric, value in metrics.items()
        ]
    given = run.folder, places
    rows = _rows_of(test.function, f"tests.{test.name}", NEEDED, *given, options=test.options)
    return [{**row, "value": _digits(row["value"])} for row in rows]


def _measured(item: PlannedMeasure) -> Rows:
    """The rows of a measure, with where they come from."""
    measure, code = item.measure, commit()
    provenance = {
        "device": device_name(torch.device("cpu")),
        "dtype": "float32",
        "commit": code,
    }
    key, offered = f"measures.{measure.name}", {"places": [*item.places]}
    rows = _rows_of(measure.function, key, OF_MEASURES, options=measure.options, offered=offered)
    return [{**provenance, **row, "value": _digits(row["value"])} for row in rows]


def _rows_of(
    name: str,
    key: str,
    needed: tuple[str, ...],
    *given: Any,
    options: Mapping[str, Any],
    offered: Mapping[str, Any] | None = None,
) -> Rows:
    """What a function of the user's gives, once it is known to be rows."""
    with current_directory_importable():
        function = find_callable(name, f"{key}.function")
        found = function(*given, **options, **accepted(function, **(offered or {})))
        rows = [row if isinstance(row, Mapping) else {} for row in found]
    for row in rows:
        missing = [column for column in needed if column not in row]
        unknown = [column for column in row if column not in COLUMNS]
        if missing or unknown:
            wrong = f"no {', '.join(missing)}" if missing else f"the column {unknown[0]!r}"
            raise UserError(f"{name}: expected rows with columns of results.csv; one has {wrong}")
    return [{**row} for row in rows]


def _digits(value: Any) -> str:
    """A number as it is written; text has been cut by who wrote it."""
    return value if isinstance(value, str) else f"{value:.6g}"


class _Lines(TextIOBase):
    """A stream that keeps all, and tells every whole line."""

    def __init__(self, file: IO[str], tell: TellLine) -> None:
        self._file, self._tell, self._rest = file, tell, ""

    def write(self, text: str) -> int:
        self._file.write(text)
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._tell(line.strip())
        return len(text)

    def flush(self) -> None:
        self._file.flush()


@contextmanager
def logged(path: Path, tell: TellLine) -> Iterator[None]:
    """What is printed meanwhile goes to a file, and what is no error is told."""
    if not is_main_process():
        yield
        return
    with path.open("a", buffering=1, errors="backslashreplace") as file:
        lines: Any = _Lines(file, tell)
        with redirect_stdout(lines), redirect_stderr(file):
            yield
