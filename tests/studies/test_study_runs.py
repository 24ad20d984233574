"""A study does what is missing and nothing else, whoever does it and however often it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gaugecnn.records.lock import LOCK_FILE
from gaugecnn.studies.numbers import training_of
from gaugecnn.studies.state import CLAIM
from tests.cli.calls import call, succeed
from tests.studies.calls import (
    CPU,
    ROOT,
    begun,
    claims,
    contents,
    ended,
    equal,
    numbers,
    waited,
    workers,
)

COUNTING = """
from pathlib import Path

def counted(run, places):
    with Path("tested.txt").open("a") as file:
        file.write(run.name + chr(10))
    return [{"test_condition": "counted", "metric": "files", "value": 1.0}]

def broken(run, places):
    if Path("broken").exists() and "p4" in run.name:
        raise RuntimeError("no such luck")
    return [{"test_condition": "broken", "metric": "parts", "value": "0.1250", "dtype": "none"}]

def placed(run, places):
    from gaugecnn.records.directory import open_run
    root = open_run(run, places).config.data.root
    return [{"test_condition": root, "metric": "asked", "value": 1.0}]
"""
COUNTED = "tests: [{name: counted, function: 'plugged:counted'}]"
PLACED = "tests: [{name: placed, function: 'plugged:placed'}]"
BROKEN = "tests: [{name: broken, function: 'plugged:broken'}]"


@pytest.fixture(autouse=True)
def _plugged(folder: Path) -> None:
    (folder / "plugged.py").write_text(COUNTING)


@pytest.mark.parametrize("engine", ["local", "processes", "ray"])
def test_a_second_call_does_nothing(undisturbed: Path, engine: str) -> None:
    """Not even import what is slow."""
    before = contents(undisturbed)
    words = ["study", str(undisturbed / "small.yaml"), f"output={undisturbed / 'runs'}", *CPU]
    words.append(f"engine={engine}")
    code = (
        f"import sys; from gaugecnn.cli import app; app({words}, standalone_mode=False)\n"
        "print([n for n in ('torch', 'lightning', 'matplotlib', 'ray') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
    assert "begun" not in done.stdout
    assert contents(undisturbed) == before


def test_several_processes_give_equal_results(undisturbed: Path, written, folder: Path) -> None:
    ended(written(), "output=runs", "engine=processes", "jobs=2", where=folder)
    assert equal(folder / "runs" / "results", undisturbed / "runs" / "results")
    rows = numbers(undisturbed / "runs" / "results")
    rows[0]["value"] = "0.0"
    assert rows != numbers(folder / "runs" / "results")


def test_processes_end_with_their_parent(folder: Path, written) -> None:
    words = [written(), "output=runs", "engine=processes", "jobs=2", "train.epochs=1000"]
    with begun(*words, where=folder) as process:
        try:
            assert waited(lambda: len(claims(folder / "runs")) == 2, process)
            told = workers(folder / "runs")
        finally:
            process.kill()
    assert waited(lambda: not any(psutil.pid_exists(number) for number in told))
    assert not claims(folder / "runs")
    assert not list(folder.rglob("failed.json"))


def test_a_process_that_dies_alone_is_a_failure(folder: Path, written) -> None:
    study = written()
    words = [study, "output=runs", "engine=processes", "jobs=1", "--only", "network=cnn"]
    with begun(*words, "train.epochs=1000", where=folder) as process:
        assert waited(lambda: workers(folder / "runs"), process)
        os.kill(workers(folder / "runs")[0], signal.SIGKILL)
        out, errors = process.communicate()
    assert process.returncode == 1, out
    assert "ended by signal 9" in errors


def test_what_a_process_of_another_host_left_behind_holds_nothing(folder: Path, written) -> None:
    """A lock is the system's own: the number of a process elsewhere means nothing."""
    words = ["study", written(), "output=runs", *CPU]
    missing = succeed(*words, "--dry-run").splitlines()
    names = [name for line in missing for name in line.split() if "-seed0-" in name]
    assert len(names) == 2
    for name in names:
        (folder / "runs" / name).mkdir(parents=True)
        for left in (CLAIM, LOCK_FILE):
            (folder / "runs" / name / left).write_text("4711 on a-host-that-died")
    assert succeed(*words, "--dry-run").count("missing") == 3
    assert succeed(*words).count("done") == 2


def test_two_processes_never_do_one_run_twice(folder: Path, written) -> None:
    words = [written(COUNTED), "output=runs"]
    both = [begun(*words, where=folder) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    tested = (folder / "tested.txt").read_text().split()
    assert len(tested) == len(set(tested)) == 2
    for run in (folder / "runs").glob("*-seed*"):
        assert (run / "log.txt").read_text().count("epoch 1/") == 1
    commands = [training_of(row["command"]) for row in numbers(folder / "runs" / "results")]
    assert len(set(commands)) == 2


def test_a_failure_is_kept_listed_and_tried_again(folder: Path, written) -> None:
    words = ["study", written(BROKEN), "output=runs", *CPU]
    (folder / "broken").touch()
    result = call(*words)
    assert result.exit_code == 1
    assert result.stderr.count("RuntimeError: no such luck") == 1
    assert "1 of 2 failed" in result.stderr
    rows = numbers(folder / "runs" / "results")
    assert {row["model"] for row in rows if row["metric"] == "parts"} == {"cnn"}
    assert {row["model"] for row in rows} == {"cnn", "p4"}  # what was trained is told
    kept = [json.loads(path.read_text()) for path in folder.rglob("failed.json")]
    assert len(kept) == 1
    assert any("plugged.py" in line for line in kept[0]["details"])
    (folder / "broken").unlink()
    assert call(*words).exit_code == 1  # kept
    assert "failed" in succeed(*words, "--dry-run")
    assert succeed(*words, "--retry-failed").count("begun") == 1
    assert not list(folder.rglob("failed.json"))
    parts = [row for row in numbers(folder / "runs" / "results") if row["metric"] == "parts"]
    assert [(row["value"], row["dtype"]) for row in parts] == [("0.1250", "none")] * 2


def test_a_test_finds_the_data_where_they_are_now(folder: Path, written) -> None:
    """Not where they were when the run was trained, on another machine perhaps."""
    succeed("study", written(), "output=runs", "data.root=there", *CPU)
    succeed("study", written(PLACED), "output=runs", "data.root=here", *CPU)
    asked = [row for row in numbers(folder / "runs" / "results") if row["metric"] == "asked"]
    assert [row["test_condition"] for row in asked] == ["here"] * 2


def test_a_changed_setting_does_only_what_changed(folder: Path, written) -> None:
    study = written()
    words = ["study", study, "output=runs", *CPU]
    assert succeed(*words).count("begun") == 2
    study.write_text(study.read_text().replace("train.epochs=1]", "train.epochs=2]"))
    said = succeed(*words)
    assert "p4, seed 0: begun" in said
    assert "cnn, seed 0: begun" not in said
    study.write_text(study.read_text() + COUNTED)
    assert succeed(*words).count("begun") == 2  # a test is added; nothing is trained
    assert sum("epoch 1/" in p.read_text() for p in folder.glob("runs/*/log.txt")) == 3


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_one_run_on_two_devices_is_tested_on_one(folder: Path, written, engine: str) -> None:
    study = written("tests: [{name: small, words: [data.test_size=8]}]")
    words = [study, "output=runs", f"engine={engine}", "jobs=1", "--only", "network=cnn"]
    said = ended(*words, "trainer.devices=2", "trainer.strategy=ddp", where=folder)
    assert said.count("begun") == 2  # the test in a process that none trains with
    assert "cnn, seed 0: done, 1 of 1" in said
    found = {row["test_condition"] for row in numbers(folder / "runs" / "results")}
    assert {"unrotated", "data.test_size=8/unrotated"} <= found
