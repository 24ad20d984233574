"""One process at a time writes to a run directory."""

from __future__ import annotations

import errno
import fcntl
import signal
import subprocess
import sys
import time

import pytest

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.records import lock
from gaugecnn.records.lock import LOCK_FILE, locked
from gaugecnn.training import run
from gaugecnn.training.module import Training
from gaugecnn.training.run import evaluate, train
from tests.training.test_run import TINY, config_for

HOLD = """
import sys, time
from pathlib import Path
from gaugecnn.records.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the directory ``run``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_of_two_processes_started_together_one_trains(tmp_path):
    words = [*TINY, "model=cnn", "train.epochs=3", f"output={tmp_path / 'run'}"]
    command = [sys.executable, "-m", "gaugecnn", "train", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    errors = [process.communicate()[1] for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 2], errors
    refused = errors[codes.index(2)]
    assert refused.count("\n") == 1
    assert "another process" in refused or "already holds a run" in refused
    assert (tmp_path / "run" / "summary.json").is_file()
    assert not (tmp_path / "run" / LOCK_FILE).exists()


def test_a_held_directory_is_refused_and_left_alone(tmp_path, holder):
    for attempt in (lambda: train(config_for(tmp_path / "run")), lambda: hold(tmp_path / "run")):
        with pytest.raises(UserError, match=rf"another process \({holder.pid} on .*\) is writing"):
            attempt()
    assert [path.name for path in (tmp_path / "run").iterdir()] == [LOCK_FILE]


def hold(path, wait=0.0):
    with locked(path, wait):
        pass


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_is_recovered(tmp_path, holder, end):
    holder.send_signal(end)
    holder.wait()
    assert (tmp_path / "run" / LOCK_FILE).is_file()
    train(config_for(tmp_path / "run", "train.epochs=1"))
    assert not (tmp_path / "run" / LOCK_FILE).exists()


def test_who_waits_comes_next(tmp_path, holder):
    started = time.monotonic()
    with pytest.raises(UserError):
        hold(tmp_path / "run", wait=0.5)
    assert time.monotonic() - started >= 0.5
    holder.kill()
    hold(tmp_path / "run", wait=30.0)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, UserError])
def test_given_back_after_an_error(tmp_path, error):
    def fail():
        with locked(tmp_path / "run"):
            assert (tmp_path / "run" / LOCK_FILE).is_file()
            raise error

    with pytest.raises(error):
        fail()
    assert not (tmp_path / "run").exists()  # nothing was written
    hold(tmp_path / "run")


def test_held_for_the_whole_of_training_and_for_the_writing_of_a_test(tmp_path, monkeypatch):
    path, seen = tmp_path / "run", []

    def watch(module, name):
        original = getattr(module, name)

        def seeing(*arguments, **options):
            seen.append((name, (path / LOCK_FILE).is_file()))
            return original(*arguments, **options)

        monkeypatch.setattr(module, name, seeing)

    for module, name in ((run, "begin"), (Training, "test_step"), (run, "write_tests")):
        watch(module, name)
    train(config_for(path, "train.epochs=1"))
    assert seen[0] == ("begin", True)
    assert seen[-1] == ("write_tests", True)
    assert all(held for _, held in seen)
    seen.clear()
    evaluate(path, [])
    assert seen[0] == ("test_step", False)  # others may test as well
    assert seen[-1] == ("write_tests", True)


def test_nothing_is_tested_where_somebody_trains(tmp_path, monkeypatch):
    train(config_for(tmp_path / "run", "train.epochs=1"))
    monkeypatch.setattr(run, "open_run", None)  # not reached
    with locked(tmp_path / "run"), pytest.raises(UserError, match="another process"):
        evaluate(tmp_path / "run", [])


def test_ranks_share_the_lock_of_the_first(tmp_path, monkeypatch):
    with locked(tmp_path / "run"):
        monkeypatch.setattr(lock.rank_zero_only, "rank", 1)
        hold(tmp_path / "run")
        assert (tmp_path / "run" / LOCK_FILE).is_file()
        monkeypatch.undo()


def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.warns(GaugecnnWarning, match="cannot be locked here .No locks available"):
        hold(tmp_path / "run")
