"""What the README says runs: its command lines and its Python, on tiny sizes and stand-ins."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image
from torch_geometric.data import Batch

from gaugecnn import build_model, load_config
from gaugecnn.bench.plan import plan_from_words
from gaugecnn.commands.console import pairs
from gaugecnn.data.fields import Target, checked
from gaugecnn.data.images.sources import Images, load_source
from gaugecnn.methods.gauge import KernelSpec, mesh_geometry
from gaugecnn.methods.s2cnn.published.loading import published_names
from gaugecnn.surfaces import LatLonGrid, TriangleMesh
from gaugecnn.testing import Conformance
from tests.cli.calls import call
from tests.commands import command_lines, python_blocks, spans

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
LINES = command_lines(README) + spans(README)
BLOCKS = python_blocks(README)

TINY = {
    "trainer.limit_train_batches": "1",
    "trainer.accelerator": "cpu",
    "train.epochs": "1",
    "train.batch_size": "4",
    "data.train_size": "8",
    "data.validation_size": "4",
    "data.test_size": "4",
}
SMALLER = {"domain.level=5": "domain.level=3", "domain.level=4": "domain.level=3"}
"""Words whose sizes are beside the point."""

NOT_RUN = {
    "gaugecnn models": "builds every network; tests/cli/test_commands.py does",
    "gaugecnn config ...": "stands for any words",
    "gaugecnn --install-completion": "writes into the files of the user's shell",
    "gaugecnn bench": "named alone, without the models that it measures",
    "python -m pytest test_mine.py": "a file of the user's, as in test_example_conformance.py",
    "python -m pytest --pyargs mine.tests": "likewise",
    "gaugecnn study own_fields engine=processes jobs=2": "hours; tests/studies run a small one",
    "gaugecnn study own_fields engine=ray ray.address=auto": "needs a cluster; tests make one",
    "gaugecnn study NAME": "stands for any",
    "gaugecnn study NAME data.root=DIR": "likewise",
    "gaugecnn study rotated_or_not data.root=DIR data.name=fashion_mnist": "an hour of training",
    "gaugecnn study smoke --dry-run": "trains a few steps of each network; tests/studies do",
}
"""Lines that are not run at all, and why."""

AN_ODD_POOL = "ignore:.*drops the last row:gaugecnn.errors.GaugecnnWarning"
"""What is audited is meant to be at fault."""

CELLS = """
from gaugecnn.data.images.pictures import read_folder
def load(train):
    return read_folder("cells/train" if train else "cells/test", channels=3)
"""


def stand_in(name: str, root: str, download: bool, train: bool) -> Images:
    """The embedded digits, three times as large, in place of what would be downloaded."""
    found = load_source("digits", root, False, train)
    images = found.images[:32].repeat_interleave(3, 2).repeat_interleave(3, 3)
    return Images(images, found.labels[:32], 10, name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current directory, with every file that the README names, and the run that it makes."""
    folder = tmp_path_factory.mktemp("readme")
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 255, (9, 9), dtype=np.uint8)).save(folder / "three.png")
    np.save(folder / "many.npy", random.integers(0, 255, (3, 9, 9), dtype=np.uint8))
    trimesh.creation.icosphere(2).export(folder / "bunny.ply")
    for path in (f"cells/{half}/{kind}" for half in ("train", "test") for kind in "ab"):
        (folder / path).mkdir(parents=True)
        for i in range(8):
            colours = random.integers(0, 255, (9, 9, 3), dtype=np.uint8)
            Image.fromarray(colours).save(folder / path / f"{i}.png")
    (folder / "mypackage").mkdir()
    (folder / "mypackage" / "cells.py").write_text(CELLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("gaugecnn.build_data.load_source", stand_in)
        (line,) = (line for line in LINES if line.endswith("output=runs/mnist"))
        done = call(*tiny(line))
        assert done.exit_code == 0, done.stderr
        yield folder


def tiny(line: str) -> list[str]:
    """The words of a training, on tiny sizes."""
    words = shlex.split(line)[1:]
    given = {word.partition("=")[0] for word in words}
    small = {"domain.level": "2", **TINY} if "model=gauge" in words else TINY
    if "domain.kind=mesh" in words:
        small = TINY
    words += [f"{key}={value}" for key, value in small.items() if key not in given]
    return words if "output" in given else [*words, f"output=runs/{len(words)}-{hash(line)}"]


@pytest.mark.filterwarnings("ignore:.*times as wide:gaugecnn.errors.GaugecnnWarning")
@pytest.mark.filterwarnings(AN_ODD_POOL)
@pytest.mark.parametrize("line", [line for line in LINES if line not in NOT_RUN])
def test_a_command_line_runs(folder: Path, line: str) -> None:
    program, command, *words = shlex.split(line)
    if program == "make":
        assert f"\n{command}:" in (ROOT / "Makefile").read_text()
    elif program == "pip":
        assert command == "install"
        check_install(words)
    elif command == "bench":  # seconds for each of its rounds
        plan = plan_from_words(pairs(words))
        assert len(plan.entries) == 3
    elif command == "train" and "..." in words:  # the line before it, gone on with
        (before,) = (line for line in LINES if line.endswith("output=runs/mnist"))
        shutil.copytree("runs/mnist", "runs/resumed")
        again = [word.replace("runs/mnist", "runs/resumed") for word in tiny(before)]
        more = [word for word in words if word != "..."]
        expect_success(*again, *more)
    elif command == "train":
        if "output=runs/mnist" not in words:  # which the fixture has run
            expect_success(*tiny(line))
    else:
        expect_success(command, *(SMALLER.get(word, word) for word in words))


def expect_success(*words: str) -> None:
    done = call(*words)
    assert done.exit_code == 0, (words, done.stderr, done.exception)


def check_install(words: list[str]) -> None:
    """The files and extras of a ``pip install`` are there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for word in words:
        path, _, names = word.partition("[")
        if word.startswith("-"):
            continue
        assert path == "gaugecnn" or (ROOT / path).exists()
        assert set(filter(None, re.split(r"[],]", names))) <= set(extras["optional-dependencies"])


def test_what_is_not_run_is_there() -> None:
    assert set(NOT_RUN) <= set(LINES)
    assert len(LINES) > 15


def bunny() -> dict[str, Any]:
    """A mesh, velocities on it, and a batch of another one."""
    mesh = TriangleMesh.from_file("bunny.ply")
    other = TriangleMesh.from_file(ROOT / "meshes" / "torus.ply")
    data = mesh_geometry(other, KernelSpec(radius=0.2))
    data.x = torch.zeros(len(other.points), 6)
    return {
        "mesh": mesh,
        "velocities": torch.randn(2, len(mesh.points), 2, 3),
        "other": other,
        "batch": Batch.from_data_list([data, data]),
    }


def weights() -> dict[str, Any]:
    """A file with weights of the published network, under its names."""
    network = build_model(load_config("s2cnn_204k", "segmentation"))
    state, names = network.state_dict(), published_names(network)[0]
    torch.save({names[name]: value for name, value in state.items()}, "weights.pt")
    return {}


PREPARED: list[Callable[[], dict[str, Any]]] = [
    *(dict, dict, dict, bunny, bunny, dict, weights, dict),
]
"""For each block of Python what it takes for granted."""


def test_every_block_is_prepared() -> None:
    assert len(BLOCKS) == len(PREPARED)


@pytest.mark.filterwarnings(AN_ODD_POOL)
@pytest.mark.parametrize("number", range(len(PREPARED)))
def test_a_block_of_python_runs(folder: Path, number: int) -> None:
    names = PREPARED[number]()
    exec(compile(BLOCKS[number], f"README.md, block {number}", "exec"), names)
    if number == 0:
        assert names["trained"].domain.title == "icosphere(level=2)"
        assert names["model"](torch.zeros(2, 1, 642)).shape == (2, 11, 642)
    if number == 1:
        half = checked(names["load"](True), LatLonGrid(4), "README")
        assert (half.kind, half.outputs, len(half)) == (Target.masks, 2, 40)
    if number == 2:
        assert set(names["found"]) == {"prediction", "probabilities", "logits", "signal"}
    if number == 5:
        assert names["audit"].guilty("quarter turns") == ["blocks.2.layer"]
    if number == 6:
        assert len(names["data"].splits.train) > 0
    if number == 7:
        assert issubclass(names["TestMine"], Conformance)
