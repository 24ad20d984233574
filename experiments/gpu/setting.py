"""What a part is given, and the rows that it leaves: written after each, so that none is lost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import torch

from gaugecnn.records.files import write_csv
from gaugecnn.records.provenance import commit, device_name
from gaugecnn.records.results import Result

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COMMAND = "bash experiments/gpu/run.sh"


@dataclass
class Setting:
    """One part of the measurement.

    Args:
        device: where it runs.
        quick: whether all is to be tiny.
        root: the folder of MNIST's files, or None for the embedded digits.
        seconds: how long it should take at most.
        file: where its rows go.
    """

    device: torch.device
    quick: bool
    root: str | None
    seconds: float
    file: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commit = commit()

    @property
    def left(self) -> float:
        """Seconds until this process should end; what it took to begin counts."""
        return self.seconds - (time.time() - psutil.Process().create_time())

    @property
    def command(self) -> str:
        """The words that run it again."""
        return COMMAND if self.device.type == "cuda" else f"{COMMAND} --device cpu"

    def add(self, condition: str, metric: str, value: float, **more: Any) -> None:
        """A number; `more` are further columns of the table."""
        columns = {"dtype": "float32", "command": self.command, **more}
        self.extend(
            [
                Result(
                    test_condition=condition,
                    metric=metric,
                    value=f"{value:.5g}",
                    device=device_name(self.device),
                    commit=self.commit,
                    **columns,
                ).row()
            ]
        )

    def extend(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows that are made elsewhere."""
        self.rows += [dict(row) for row in rows]
        write_csv(self.file, self.rows)
