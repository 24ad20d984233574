"""A study killed at its n-th write, for many n, and then done again.

    python -m tests.studies.killing FOLDER POINTS

It does the first run of ``FOLDER/small.yaml``. A point is a file that is opened, renamed, removed
or made; each begins in an empty directory, in a process that is forked from one that has imported
what is slow. Prints how many points there are, and those after which the answer was another.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from gaugecnn.studies.command import Request, StudyRun
from tests.studies.calls import equal

WORDS = {"trainer.accelerator": "cpu", "threads": "1"}
SLOW = (
    *("gaugecnn.studies.work", "gaugecnn.studies.figures"),
    *("sklearn.datasets", "torch.utils.tensorboard", "lightning.pytorch.loggers"),
)
"""Modules that are imported once for all."""
WRITES = os.O_WRONLY | os.O_RDWR
NEVER = 0


class Writes:
    """Counts what is written in a folder, and kills this process at one of them."""

    def __init__(self, folder: Path, at: int) -> None:
        self.folder, self.at, self.count = str(folder), at, 0

    def __call__(self, event: str, told: tuple[Any, ...]) -> None:
        opened = event == "open" and (told[2] or 0) & WRITES
        if not (opened or event in ("os.rename", "os.remove", "os.mkdir")):
            return
        if self.folder in str(told[0]):
            self.count += 1
            if self.count == self.at:
                if opened and told[2] & os.O_TRUNC:
                    os.open(told[0], told[2])  # it is open, and nothing written yet
                os.kill(os.getpid(), signal.SIGKILL)


def done(folder: Path, name: str, at: int) -> int:
    """Do the study in a process of its own; how that ended, as `os.waitpid` has it."""
    process = os.fork()
    if process:
        return os.waitpid(process, 0)[1]
    code = 1
    try:
        writes = Writes(folder / name, at)
        sys.addaudithook(writes)
        with open(os.devnull, "w") as null, contextlib.redirect_stdout(null):
            words = {**WORDS, "output": str(folder / name)}
            study = StudyRun(Request(str(folder / "small.yaml"), words=words, only=["network=cnn"]))
            study.run()
            study.write()
        (folder / "count.txt").write_text(str(writes.count))
        code = bool(study.failures())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    """Do what the command line says."""
    folder, points = Path(sys.argv[1]), int(sys.argv[2])
    for name in SLOW:
        importlib.import_module(name)
    assert done(folder, "whole", NEVER) == 0
    count = int((folder / "count.txt").read_text())
    print(count)
    for at in sorted(random.Random(0).sample(range(1, count + 1), min(points, count))):
        name = f"killed{at}"
        assert done(folder, name, at) == signal.SIGKILL
        good = done(folder, name, NEVER) == 0
        if not good or not equal(folder / name / "results", folder / "whole" / "results"):
            print(at, flush=True)


if __name__ == "__main__":
    main()
