"""Files that are never half-written, and what is left of those that were not finished."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gaugecnn.errors import UserError
from gaugecnn.files import FORGOTTEN, check_writable, write_atomically

KILLED = """
import os, signal, sys
from pathlib import Path
from gaugecnn.files import write_atomically

def write(file):
    file.write("half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_atomically(Path("a[1].json"), write)
"""


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, lambda file: file.write("old"))

    def broken(file) -> None:
        file.write("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_atomically(path, broken)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_goes_when_it_is_old(tmp_path: Path) -> None:
    path, other = tmp_path / "a[1].json", tmp_path / ".a1.json.12345678"
    write_atomically(path, lambda file: file.write("old"))
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, env=env, check=False)
    (left,) = tmp_path.glob(".a*")
    assert (path.read_text(), left.read_text()) == ("old", "half")
    write_atomically(path, lambda file: file.write("new"))
    assert left.exists()  # somebody may be at it
    other.touch()
    for file in (left, other):
        os.utime(file, (0, time.time() - FORGOTTEN - 60))
    write_atomically(path, lambda file: file.write("newer"))
    assert {file.name for file in tmp_path.iterdir()} == {path.name, other.name}


def test_a_place_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    check_writable(tmp_path / "old.json", "--json")
    check_writable(tmp_path / "new" / "deep" / "a.json", "--json")
    check_writable(tmp_path, "output", folder=True)
    check_writable(tmp_path / "new" / "runs", "output", folder=True)
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("folder").mkdir()
    with pytest.raises(UserError, match="^results: expected a folder, got a file: file$"):
        check_writable(Path("file"), "results", folder=True)
    with pytest.raises(UserError, match="^--json: expected a file, got a folder: folder$"):
        check_writable(Path("folder"), "--json")
    for path in ("file/a.json", "file/more/a.json"):
        with pytest.raises(UserError, match=f"^--json={path} cannot be written: .*Not a directory"):
            check_writable(Path(path), "--json")
    with pytest.raises(UserError, match=r"^output=/proc/a\.html cannot be written: "):
        check_writable(Path("/proc/a.html"), "output")
