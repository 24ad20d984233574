"""A study that is killed however often, at any moment, ends as one that was not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.calls import succeed
from tests.studies.calls import CPU, ROOT, begun, claims, ended, equal, killed, waited

PROCESSES = ["engine=processes", "jobs=2"]
RAY = ["engine=ray"]
LONGER = "train.epochs=40"
"""As many as twenty kills do not get to the end of."""
HIT = 3
"""How many of twenty kills must have met a run at work, for a test to mean something."""


def killed_until_done(folder: Path, study: object, kills: int, engine: list[str]) -> int:
    """Kill a study at random moments, then let it end; how often a run was at work."""
    chance, hit = random.Random(kills), 0
    words = [study, f"output={folder / 'runs'}", *engine]
    for kill in range(kills):
        process = begun(*words, where=folder)
        if kill % 3:  # else at any moment: while it plans, imports, or writes the answer
            waited(lambda: claims(folder / "runs"), process)
        time.sleep(chance.uniform(0, 3))
        hit += bool(claims(folder / "runs"))
        killed(process, tree=chance.random() < 0.5)
    ended(*words, where=folder)
    return hit


@pytest.mark.parametrize(
    "engine",
    [[], PROCESSES, pytest.param(RAY, marks=pytest.mark.slow)],
    ids=["local", "processes", "ray"],
)
def test_killed_and_begun_again_it_ends_the_same(undisturbed, folder, written, engine) -> None:
    assert killed_until_done(folder, written(), 2, engine)
    assert equal(folder / "runs" / "results", undisturbed / "runs" / "results")


def test_killed_between_the_two_checkpoints_of_the_first_epoch(undisturbed, folder, written):
    words = ["study", written(), "output=runs", *CPU]
    succeed(*words)
    for run in (folder / "runs").glob("*-seed*"):
        (run / "summary.json").unlink()
        (run / "checkpoints" / "last.ckpt").unlink()
    assert succeed(*words).count("begun") == 2
    assert equal(folder / "runs" / "results", undisturbed / "runs" / "results")


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The answer of the smoke study, done without a break."""
    folder = tmp_path_factory.mktemp("smoke")
    ended(ROOT / "experiments" / "smoke", f"output={folder}", LONGER, where=folder)
    return folder / "results"


@pytest.mark.slow
@pytest.mark.parametrize("engine", [[], PROCESSES], ids=["local", "processes"])
def test_the_smoke_study_killed_twenty_times_ends_the_same(smoke, folder: Path, engine) -> None:
    study = ROOT / "experiments" / "smoke"
    assert killed_until_done(folder, study, 20, [*engine, LONGER]) >= HIT
    assert equal(folder / "runs" / "results", smoke)


@pytest.mark.slow
def test_killed_at_a_write_it_ends_the_same(folder: Path, written) -> None:
    """At forty of them, between two of which nothing else changes what is on the disk."""
    written()
    command = [sys.executable, "-m", "tests.studies.killing", str(folder), "40"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    count, *others = done.stdout.split()
    assert int(count) > 80
    assert others == [], done.stderr
