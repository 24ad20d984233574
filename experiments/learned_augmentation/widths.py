"""By how much a network has learned to turn its input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaugecnn.errors import UserError
from gaugecnn.ops.learned_rotations import LearnedRotations
from gaugecnn.records.directory import open_run


def rows(run: Path, places: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The greatest angle about each axis, in degrees.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
    """
    learned = open_run(run, places).network.augmentation
    if not isinstance(learned, LearnedRotations):
        raise UserError(f"{run}: expected a network with learned rotations")
    widths = learned.widths.detach().rad2deg().tolist()
    return [
        {"test_condition": f"about {axis}", "metric": "width_degrees", "value": f"{width:.2f}"}
        for axis, width in zip("xyz", widths, strict=True)
    ]
