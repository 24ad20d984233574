"""A wheel, installed in a new environment, works from an empty directory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*words: str | Path, cwd: Path) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_an_installed_wheel_trains_from_an_empty_directory(tmp_path):
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    binaries = tmp_path / "venv" / "bin"
    constraints = ROOT / "constraints.txt"
    run(binaries / "python", "-m", "pip", "install", "-c", constraints, wheel, cwd=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    listed = json.loads(run(binaries / "gaugecnn", "models", "--json", cwd=empty))
    assert {"gauge", "s2cnn_204k"} <= {row["name"] for row in listed}
    words = ["model=gauge", "train.epochs=1", "data.train_size=32", "data.validation_size=16"]
    words += ["data.test_size=16", "trainer.accelerator=cpu", "output=run"]
    run(binaries / "gaugecnn", "train", *words, cwd=empty)
    words[-1:] = ["output=torus", "domain.kind=mesh", "domain.file=meshes/torus.ply"]
    run(binaries / "gaugecnn", "train", *words, cwd=empty)
    summary = json.loads((empty / "torus" / "summary.json").read_text())
    assert set(summary["test"]) == {"unrotated", "rotated"}
