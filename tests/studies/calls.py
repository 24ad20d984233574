"""Studies as commands, in this process or in another; and what they leave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gaugecnn.training.files import read_csv

ROOT = Path(__file__).parents[2]
TIMES = ("train_seconds",)
CPU = ("trainer.accelerator=cpu", "threads=1")


def begun(*words: object, where: Path) -> subprocess.Popen[str]:
    """``gaugecnn study`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "gaugecnn", "study", *map(str, words), *CPU],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )


def ended(*words: object, where: Path) -> str:
    """What it prints, once it has ended well."""
    process = begun(*words, where=where)
    out, errors = process.communicate()
    assert process.returncode == 0, out + errors
    return out


def numbers(results: Path) -> list[dict[str, str]]:
    """The rows of ``results.csv`` but for times."""
    rows = read_csv(results / "results.csv")
    assert rows
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """When each file was written, and what is in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
