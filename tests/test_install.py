"""What an install holds: a wheel in a new environment, and networks without the extras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gaugecnn.extras import EXTRA_OF, advice

ROOT = Path(__file__).parents[1]

WITHOUT = """
import importlib.metadata
import sys

HIDDEN = {hidden}
found = importlib.metadata.Distribution.from_name

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def from_name(name):
    if name in HIDDEN:
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)

sys.meta_path.insert(0, Hidden())
importlib.metadata.Distribution.from_name = from_name
"""
"""An environment that has none of the packages of the extras."""

NETWORK = """
import torch
import gaugecnn.tasks.segmentation
from gaugecnn import build_model, load_config
from gaugecnn.layers import Stage
from gaugecnn.methods.gauge import GaugeConv
from gaugecnn.surfaces import Icosphere

network = build_model(load_config("gauge", overrides=["domain.level=2", "seed=3"]))
print(tuple(network(torch.zeros(2, *network.family.input_type.shape)).shape))
print(tuple(GaugeConv("1x0", "2x0+1x1", Icosphere(1))(torch.zeros(1, 42, 1)).shape))
"""


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
    pip = (binaries / "python", "-m", "pip", "install", "-c", constraints)
    run(*pip, f"{wheel}[all]", cwd=tmp_path)
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


HIDDEN = (*EXTRA_OF, "pytorch_lightning")


def without(
    code: str, cwd: Path, hidden: tuple[str, ...] = HIDDEN
) -> subprocess.CompletedProcess[str]:
    """What Python says to code where these packages are not installed."""
    start = WITHOUT.replace("{hidden}", repr(hidden))
    words = [sys.executable, "-c", start + code]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_networks_need_neither_lightning_nor_matplotlib(tmp_path):
    done = without(NETWORK, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(2, 10)\n(1, 42, 4)\n"


@pytest.mark.parametrize(
    ("words", "hidden", "package"),
    [
        (["train", "model=gauge", "domain.level=2"], HIDDEN, "lightning"),
        (["evaluate", "runs/none"], HIDDEN, "lightning"),
        (["render", "domain.level=2"], ("matplotlib",), "matplotlib"),
        (["render", "domain.level=2", "--output", "a.html"], ("plotly",), "plotly"),
        (["report", "smoke"], ("plotly",), "plotly"),
    ],
)
def test_a_command_says_which_extra_it_needs(tmp_path, words, hidden, package):
    code = f"import sys\nsys.argv[1:] = {words!r}\nfrom gaugecnn.cli import main\nmain()"
    done = without(code, tmp_path, hidden)
    extra = EXTRA_OF[package]
    expected = f"gaugecnn: {words[0]} needs {package}: pip install 'gaugecnn[{extra}]'\n"
    assert (done.returncode, done.stderr, done.stdout) == (2, expected, "")


CHECKS = """
from gaugecnn import build_model, load_config
from gaugecnn.testing import randomise, turns_of, violation
import torch

network = randomise(build_model(load_config("p4", overrides=["domain.size=16"])))
print(len(turns_of(network.domain)))
print(violation(network, network, network.exact_symmetries[0], torch.float32) < 1e-4)
from gaugecnn.testing import Conformance
"""


def test_symmetries_are_checked_without_pytest_and_conformance_asks_for_it(tmp_path):
    done = without(CHECKS, tmp_path)
    assert (done.returncode, done.stdout) == (1, "3\nTrue\n")
    *_, said = done.stderr.splitlines()
    expected = "gaugecnn.testing.Conformance needs pytest: pip install 'gaugecnn[testing]'"
    assert said == f"ModuleNotFoundError: {expected}"


def test_commands_that_need_no_extra_work_without(tmp_path):
    code = "import sys\nsys.argv[1:] = ['config', 'seed=5']\nfrom gaugecnn.cli import main\nmain()"
    done = without(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("seed: 5\n")


def test_advice():
    assert advice(ImportError("no")) is None
    assert advice(ModuleNotFoundError("no", name="cells.own")) is None
    found = advice(ModuleNotFoundError("no", name="matplotlib.figure"))
    assert found == "needs matplotlib: pip install 'gaugecnn[figures]'"


def test_every_package_is_in_the_extra_that_is_named():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for package, extra in EXTRA_OF.items():
        assert [line for line in extras[extra] if line.startswith(f"{package}>=")]
        assert not [line for line in project["dependencies"] if line.startswith(package)]
    assert extras["all"] == ["gaugecnn[train,figures]"]
    assert "gaugecnn[all]" in extras["dev"]
