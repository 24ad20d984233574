"""Studies as commands, in this process or in another; and what they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from gaugecnn.records.file_lock import is_held
from gaugecnn.records.files import read_csv
from gaugecnn.studies.state import CLAIM

ROOT = Path(__file__).parents[2]
TIMES = ("train_seconds",)
CPU = ("trainer.accelerator=cpu", "threads=1")


def begun(*words: object, where: Path) -> subprocess.Popen[str]:
    """``gaugecnn study`` in a process of its own, and a process group."""
    return subprocess.Popen(
        [sys.executable, "-m", "gaugecnn", "study", *map(str, words), *CPU],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=where,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        preexec_fn=_interruptible,
    )


def _interruptible() -> None:
    """What a shell begins in the background would ignore Ctrl-C, with all its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(*words: object, where: Path) -> str:
    """What it prints, once it has ended well."""
    process = begun(*words, where=where)
    out, errors = process.communicate()
    assert process.returncode == 0, out + errors
    return out


def killed(process: subprocess.Popen[str], tree: bool) -> None:
    """Kill its process group, or every process below it too, and wait for its end."""
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    for child in below if tree else []:
        if child.is_running():
            child.kill()
    process.communicate()


def claims(output: Path) -> list[Path]:
    """The runs that a process is at."""
    return [path for path in output.glob(f"*/{CLAIM}") if is_held(path)]


def workers(output: Path) -> list[int]:
    """The processes that are at them."""
    return [int(number) for path in claims(output) if (number := path.read_text().split(" ")[0])]


def waited(condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> bool:
    """Whether something comes true, ever or while a process runs.

    Ten minutes are for the busiest of machines.
    """
    for _ in range(6000):
        if condition():
            return True
        if process is not None and process.poll() is not None:
            return False
        time.sleep(0.1)
    return False


def equal(one: Path, other: Path) -> bool:
    """Whether the answers of two studies, in their folders, are the same but for times."""
    shown = [{path.name for path in folder.glob("[!.]*")} for folder in (one, other)]
    assert shown[0] == shown[1]
    assert len(shown[0]) >= 5
    for name in shown[0] - {"results.csv"}:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    return numbers(one) == numbers(other)


def numbers(results: Path) -> list[dict[str, str]]:
    """The rows of ``results.csv`` but for times."""
    rows = read_csv(results / "results.csv")
    assert rows
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """When each file was written, and what is in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
