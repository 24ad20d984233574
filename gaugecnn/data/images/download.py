"""Published files fetched from mirrors: verified before they get their name."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pooch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from gaugecnn.data.images.idx import IdxFile
from gaugecnn.errors import UserError

TIMEOUT_SECONDS = 30


def obtain(
    file: IdxFile, folder: Path, mirrors: Sequence[str], *, download: bool
) -> NDArray[np.uint8]:
    """The array of a published file in `folder`, downloaded first if it is absent and one may.

    Args:
        file: which file.
        folder: where it is, or goes.
        mirrors: addresses to which its name is added, tried in turn.
        download: whether to download it.

    Raises:
        UserError: the file is altered; or absent and not to be downloaded; or no mirror has it.
    """
    path = folder / file.name
    if path.exists():
        try:
            return file.unpack(path.read_bytes(), str(path))
        except UserError as error:
            raise UserError(f"{error}; remove the file to have it downloaded again") from error
    if not download:
        raise UserError(
            f"expected {path}, found no such file; put it there, or let it be downloaded with "
            f"data.download=true"
        )
    _make_folder(folder)
    failures = []
    for mirror in mirrors:
        try:
            return _fetch(file, mirror + file.name, path)
        except (OSError, UserError) as error:  # errors of `requests` are OSErrors
            failures.append(f"{mirror}: {error}")
    raise UserError(f"could not download {file.name} to {folder}: " + "; ".join(failures))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"data.root: cannot create the folder {folder}: {error}") from error


def _fetch(file: IdxFile, url: str, path: Path) -> NDArray[np.uint8]:
    """Download to a name of this call's own, verify, then rename: others never see half a file."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with _DownloadBar(path.name) as bar:
            downloader = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT_SECONDS)
            downloader(url, str(partial), None)
        array = file.unpack(partial.read_bytes(), path.name)
        os.replace(partial, path)
        return array
    finally:
        partial.unlink(missing_ok=True)


class _DownloadBar:
    """A progress bar in the terminal, with what pooch asks of one."""

    def __init__(self, name: str) -> None:
        columns = TextColumn(name), BarColumn(), DownloadColumn(), TimeRemainingColumn()
        self.progress = Progress(*columns, console=Console(stderr=True))
        self.task = self.progress.add_task(name, total=None)
        self.total: int = 0  # set by pooch once the server has told it

    def __enter__(self) -> _DownloadBar:
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()

    def update(self, size: int) -> None:
        """So many bytes more have come."""
        self.progress.update(self.task, total=self.total or None, advance=size)

    def reset(self) -> None:
        """None has come."""
        self.progress.reset(self.task)

    def close(self) -> None:
        """The last has come."""
        self.progress.refresh()
