"""Runs that were trained otherwise, by hand or under another name, taken into a study.

They are known by the hash of their ``config.yaml``, read with the defaults of this version for keys
that it did not have; and they stay where they are: the study's directory is a link to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gaugecnn.errors import UserError
from gaugecnn.studies.identity import run_name
from gaugecnn.studies.plan import Item, PlannedRun
from gaugecnn.studies.state import is_trained

CONFIG = "config.yaml"


def adopt(folder: Path, items: Sequence[Item]) -> list[tuple[Path, PlannedRun]]:
    """Link the finished runs of a folder that a study asks for and does not have.

    Args:
        folder: searched to any depth.
        items: of the study.

    Returns:
        each run with what it was planned as.

    Raises:
        UserError: there is no such folder.
    """
    from gaugecnn.records.directory import run_config

    if not folder.is_dir():
        raise UserError(f"--adopt {folder}: no such folder")
    wanted = {
        item.folder.name: item
        for item in items
        if isinstance(item, PlannedRun) and not item.folder.exists()
    }
    found = []
    for file in sorted(folder.rglob(CONFIG)):
        run = file.parent
        try:
            planned = wanted.get(run_name(run_config(run))) if is_trained(run) else None
        except UserError:
            continue  # no run of ours, or of a model that is no longer there
        if planned is not None:
            planned.folder.parent.mkdir(parents=True, exist_ok=True)
            planned.folder.symlink_to(run.resolve(), target_is_directory=True)
            del wanted[planned.folder.name]
            found.append((run, planned))
    return found
