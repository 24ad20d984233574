"""An attempt to train: if nothing comes of it, its directory is what it was before.

Something has come of it once a checkpoint was saved or a row of metrics logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

from gaugecnn.files import write_bytes_atomically
from gaugecnn.records.files import read_csv, write_csv
from gaugecnn.records.lock import is_main_process

METRICS, EARLIER = "metrics.csv", "metrics.previous.csv"
"""What Lightning's logger writes, and where the rows of before stand meanwhile."""

SMALL = ("config.yaml", "data.json", METRICS, EARLIER, "tensorboard/hparams.yaml")
"""The files whose content is given back."""

FOLDERS = ("checkpoints", "tensorboard")
"""Where files are added."""


def is_run(output: Path) -> bool:
    """Whether a directory holds anything worth keeping: a checkpoint, a result, a row of metrics.

    What a process leaves that was killed in its first epoch is no run.
    """
    if any((output / "checkpoints").glob("*.ckpt")) or (output / "summary.json").is_file():
        return True
    return any(read_csv(output / name) for name in (METRICS, EARLIER))


@contextmanager
def attempt(output: Path) -> Iterator[Callable[[], bool]]:
    """Rows logged before are set aside, because Lightning's logger starts its file anew.

    Afterwards they stand before the new ones; after an error from which nothing has come, every
    file is as it was. Gives what tells whether weights were saved since.

    Args:
        output: the directory, which this process holds.
    """
    if not is_main_process():
        yield lambda: True
        return
    before = _contents(output)
    states = _checkpoints(output)
    earlier = read_csv(output / EARLIER) + read_csv(output / METRICS)
    if earlier:
        write_csv(output / EARLIER, earlier)
        (output / METRICS).unlink(missing_ok=True)
    try:
        yield lambda: _checkpoints(output) != states
    except BaseException:
        if _checkpoints(output) == states and not read_csv(output / METRICS):
            _give_back(output, before)
        else:
            _rejoin(output, earlier)
        raise
    _rejoin(output, earlier)


def _rejoin(output: Path, earlier: list[dict[str, str]]) -> None:
    """The rows logged before, and those logged since."""
    if earlier:
        write_csv(output / METRICS, earlier + read_csv(output / METRICS))
        (output / EARLIER).unlink(missing_ok=True)


def _contents(output: Path) -> dict[Path, bytes | None]:
    """The files that a training writes to; None for the content of those that are added whole."""
    small = [output / name for name in SMALL]
    found: dict[Path, bytes | None] = {
        file: None for folder in FOLDERS for file in (output / folder).rglob("*") if file.is_file()
    }
    return found | {file: file.read_bytes() for file in small if file.is_file()}


def _checkpoints(output: Path) -> dict[str, tuple[int, int]]:
    """When each was written, and its size."""
    found = {path.name: path.stat() for path in (output / "checkpoints").glob("*.ckpt")}
    return {name: (state.st_mtime_ns, state.st_size) for name, state in found.items()}


def _give_back(output: Path, before: dict[Path, bytes | None]) -> None:
    """Make a directory what it was."""
    for file in _contents(output).keys() - before.keys():
        file.unlink()
    for file, content in before.items():
        if content is not None and (not file.is_file() or file.read_bytes() != content):
            write_bytes_atomically(file, partial(_write, content=content))
    for name in FOLDERS:
        with suppress(OSError):  # not empty, or not there
            (output / name).rmdir()


def _write(file: IO[bytes], content: bytes) -> None:
    file.write(content)
