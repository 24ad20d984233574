"""A study that is killed however often, at any moment, ends as one that was not."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.cli.calls import succeed
from tests.studies.calls import CPU, ROOT, begun, claims, ended, equal, killed, waited

PROCESSES = ["engine=processes", "jobs=2"]
RAY = ["engine=ray"]
AT_A_WRITE = """
import os, signal, sys

left, output = int(sys.argv.pop(1)), sys.argv.pop(1)

def watch(event, told):
    global left
    opened = event == "open" and (told[2] or 0) & (os.O_WRONLY | os.O_RDWR)
    if (opened or event in ("os.rename", "os.remove", "os.mkdir")) and output in str(told[0]):
        left -= 1
        if left == 0:
            if opened and told[2] & os.O_TRUNC:  # it is open, and nothing written yet
                os.open(told[0], told[2])
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
from gaugecnn.cli import main
main()
"""
"""A command that is killed when it opens, renames, removes or makes something for the n-th time."""
HIT = 3
"""How many of twenty kills must have met a run at work, for a test to mean something."""


def killed_until_done(folder: Path, study: object, kills: int, engine: list[str]) -> int:
    """Kill a study at random moments, then let it end; how often a run was at work."""
    chance, hit = random.Random(kills), 0
    words = [study, f"output={folder / 'runs'}", *engine]
    for kill in range(kills):
        process = begun(*words, where=folder)
        if kill % 3:  # else at any moment: while it plans, imports, or writes the answer
            waited(lambda: process.poll() is not None or claims(folder / "runs"))  # noqa: B023
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
    ended(ROOT / "experiments" / "smoke", f"output={folder}", where=folder)
    return folder / "results"


@pytest.mark.slow
@pytest.mark.parametrize("engine", [[], PROCESSES], ids=["local", "processes"])
def test_the_smoke_study_killed_twenty_times_ends_the_same(smoke, folder: Path, engine) -> None:
    assert killed_until_done(folder, ROOT / "experiments" / "smoke", 20, engine) >= HIT
    assert equal(folder / "runs" / "results", smoke)


@pytest.mark.slow
def test_killed_at_any_write_it_ends_the_same(undisturbed, folder: Path, written) -> None:
    """Twenty times; where a study comes to its end meanwhile, another is begun."""
    chance, study, whole = random.Random(1), written(), 0
    for _ in range(20):
        output = folder / f"runs{whole}"
        python = ("-c", AT_A_WRITE, str(chance.randint(1, 90)), str(output))
        with begun(study, f"output={output}", where=folder, python=python) as process:
            said = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), said
        whole += process.returncode == 0
    assert whole < 15
    ended(study, f"output={folder / f'runs{whole}'}", where=folder)
    for number in range(whole + 1):
        assert equal(folder / f"runs{number}" / "results", undisturbed / "runs" / "results")
