"""Every example runs as its text says, on tiny sizes, and none needs a change of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from gaugecnn.data.batch import Batch
from gaugecnn.data.description import Description
from gaugecnn.data.images.sources import picture_description
from gaugecnn.errors import UserError
from gaugecnn.surfaces import LatLonGrid, TriangleMesh
from tests.commands import command_lines, spans
from tests.installed import write_down

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
TINY = [
    "trainer.accelerator=cpu",
    "trainer.limit_train_batches=1",
    "train.epochs=1",
    "train.batch_size=4",
    "data.train_size=8",
    "data.validation_size=4",
    "data.test_size=4",
]
SMALLER = {"model=gauge": "domain.level=2", "model=examples": "domain.bandwidth=8"}
DATA = ("own_pictures.py", "own_fields.py", "own_mesh.py")
RUN = (*DATA, "own_surface.py", "own_task.py", "own_padding.py", "own_method")
TESTS = ("test_own_padding.py",)
LONGEST = {"own_padding.py": 65, "own_method/layers.py": 90, "own_method/family.py": 70}
"""Lines of the examples that need more than forty: the two methods."""


SESSION = """
import json, runpy, shlex, sys, traceback
from typer.testing import CliRunner
from gaugecnn.cli import app

def answer(line):
    program, *words = shlex.split(line)
    if program == "python":
        runpy.run_path(words[0], run_name="__main__")
        return 0, "", ""
    done = CliRunner().invoke(app, words)
    if done.exception and not isinstance(done.exception, SystemExit):
        traceback.print_exception(done.exception)
    return done.exit_code, done.stdout, done.stderr

lines = json.loads(sys.argv[1])
with open("answers.json", "w") as file:
    json.dump([answer(line) for line in lines], file)
"""
"""Python that runs command lines one after the other: it is slow to start."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the examples lie, and a package that registers their entry points."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "examples").symlink_to(EXAMPLES)
    project = tomllib.loads((EXAMPLES / "pyproject.toml").read_text())["project"]
    write_down(folder / "site", project["name"], project["entry-points"])
    return folder


def answers(folder: Path, lines: list[str]) -> list[tuple[int, str, str]]:
    """Exit code, output and errors of command lines, where the examples are installed."""
    path = [str(folder / "site"), str(EXAMPLES), str(ROOT), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-c", SESSION, json.dumps(lines)]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "answers.json").read_text())


def tiny(command: str) -> str:
    """A command with the words that make a training small."""
    if not command.startswith("gaugecnn train"):
        return command
    words = [word for word in TINY if word.split("=")[0] + "=" not in command]
    own = "domain." not in command
    words += [word for key, word in SMALLER.items() if own and key in command]
    return " ".join([command, *words])


def lines_of(name: str) -> list[str]:
    """The commands in the text of an example, but for those that install: `folder` is for them."""
    path = EXAMPLES / name
    text = (path / "__init__.py" if path.is_dir() else path).read_text()
    return [line for line in command_lines(text) if not line.startswith("pip")]


@pytest.fixture(scope="module")
def trained(folder):
    """The directory of the run of each example."""
    names = [name for name in RUN if name != "own_method" or find_spec("torch_harmonics")]
    lines = [
        f"{tiny(line)} output={name}" if line.startswith("gaugecnn") else line
        for name in names
        for line in lines_of(name)
    ]
    for line, (code, printed, said) in zip(lines, answers(folder, lines), strict=True):
        assert code == 0, (line, printed, said)
    return folder


def test_the_table_lists_every_file_with_its_own_command():
    text = (EXAMPLES / "README.md").read_text()
    assert {path.name for path in EXAMPLES.glob("*.py")} | {"own_method"} == {*RUN, *TESTS}
    for name in (*RUN, *TESTS):
        assert f"[`{name}" in text
        *before, command = lines_of(name)
        assert {*before, command} <= set(spans(text))


def test_files_are_short():
    for path in EXAMPLES.rglob("*.py"):
        name = path.relative_to(EXAMPLES).as_posix()
        assert len(path.read_text().splitlines()) < LONGEST.get(name, 40), name


@pytest.mark.parametrize("name", RUN)
def test_an_example_trains_as_it_says(trained, name):
    if name == "own_method":
        pytest.importorskip("torch_harmonics", exc_type=ImportError)
    summary = json.loads((trained / name / "summary.json").read_text())
    assert len(summary["test"]) == 2
    assert all(np.isfinite(v) for found in summary["test"].values() for v in found.values())


def test_pictures_are_read_with_the_classes_of_their_folders(tmp_path, monkeypatch, example):
    monkeypatch.chdir(tmp_path)
    images, labels = example("own_pictures").load(train=False)
    assert images.shape == (80, 1, 24, 24)
    assert labels.tolist() == [0] * 40 + [1] * 40  # disc, square
    shape = images[:, 0] > 0
    filled = shape.flatten(1).sum(1) / (shape.any(1).sum(1) * shape.any(2).sum(1))
    assert filled[:40].mean() < 0.85 < filled[40:].min()  # pi / 4 and 1 of the box around it
    areas = shape.float().mean((1, 2))
    assert areas[:40].mean() == pytest.approx(
        float(areas[40:].mean()), rel=0.05
    )  # size tells nothing
    again, _ = example("own_pictures").load(train=False)
    assert torch.equal(images, again)


def test_maps_lie_as_their_classes_say(example):
    module = example("own_fields")
    points = module.points()
    assert np.allclose((points**2).sum(-1), 1)
    assert points[0, 0, 2] > 0.99 > -0.99 > points[-1, 0, 2]  # north up
    assert np.allclose(points[:, 16], np.stack([0 * points[:, 0, 0], *points[:, 0, [0, 2]].T], -1))
    fields = module.load(train=False)
    values, classes = fields.values[:, 0], fields.targets
    assert set(np.unique(classes)) == {-1, 0, 1, 2}
    assert values[classes == 1].min() > 0.5 > values[classes == 0].max()
    assert values[classes == 2].max() < -0.5 < values[classes == 0].min()
    assert 0.05 < (classes == -1).mean() < 0.35


def test_vectors_are_the_gradients_of_the_values(tmp_path, monkeypatch, example):
    monkeypatch.chdir(tmp_path)
    module = example("own_mesh")
    module.write()
    fields = module.load(train=True)
    mesh = TriangleMesh.from_file(module.FILE)
    assert fields.values.shape == (200, 1, mesh.given)
    assert fields.targets.shape == (200, 1, 3, mesh.given)
    assert not mesh.repairs
    file = trimesh.load_mesh(module.FILE, process=False)
    a, b = file.edges_unique.T
    step = file.vertices[b] - file.vertices[a]  # (edge, xyz)
    mean = (fields.targets[:, 0][..., a] + fields.targets[:, 0][..., b]) / 2
    expected = np.einsum("sxe,ex->se", mean, step)
    found = fields.values[:, 0][:, b] - fields.values[:, 0][:, a]
    assert np.abs(found - expected).max() < 0.05 < np.abs(found).max()


def test_a_torus_by_its_formula(example):
    mesh = example("own_surface").torus(0.4, 40, "aligned", 0)
    assert mesh.shape == (40 * 16,)
    x, y, z = (mesh.points - mesh.points.mean(0)).T
    ring = (x**2 + y**2).sqrt()
    tube = ((ring - ring.mean()) ** 2 + z**2).sqrt()  # of a polygon the mean is not the circle's
    assert float(tube.mean() / ring.mean()) == pytest.approx(0.4, rel=0.02)
    assert float(mesh.areas.sum()) == pytest.approx(4 * np.pi)


def test_parity_of_labels(example):
    parity = example("own_task").Parity(picture_description(1, 10))
    assert parity.outputs == 2
    batch = Batch(torch.zeros(4, 1, 3), torch.tensor([0, 7, 8, 9]), None)
    assert parity.target(batch).tolist() == [0, 1, 0, 1]
    scores = torch.tensor([[2.0, 0.0], [1.0, 1.5]])
    # max(0, 1 - difference) / 2 each, of differences 2 and 0.5
    assert parity.loss(scores, torch.tensor([0, 1]), torch.ones(3)).item() == pytest.approx(0.125)
    assert parity.in_words(scores, LatLonGrid(2)) == ["even", "odd"]
    with pytest.raises(UserError, match="task=classification: the targets of the data ask for"):
        example("own_task").Parity(Description(1, {"regression": 2}))


def test_commands_know_tasks_and_methods_of_another_package(trained):
    np.save(trained / "digits.npy", np.zeros((2, 8, 8), dtype=np.uint8))
    known = [
        "gaugecnn predict own_task.py digits.npy",
        "gaugecnn render --run own_task.py --output run.png",
        "gaugecnn evaluate own_padding.py domain.bandwidth=12",
        "gaugecnn config model=examples/own_padding.yaml task=parity",
        "gaugecnn evaluate own_surface.py domain.ratio=0.5",
        "gaugecnn config model=gcn domain.kind=torus domain.ratio=0.4 domain.frames=random",
    ]
    method = "gaugecnn config model=examples/own_padding.yaml domain.kind=mesh domain.file=a.ply"
    torus = "gaugecnn config domain.kind=torus"
    refused = {
        "gaugecnn config task=primality": "parity",
        method: "around",
        torus: "domain.kind=torus needs domain.ratio",
        f"{torus} domain.ratio=2": "domain.ratio: expected 0 < domain.ratio < 1, got 2.0",
        f"{torus} domain.ratio=x": "domain.ratio: expected a number, got 'x'",
        f"{torus} domain.ratio=0.4 domain.level=3": "domain.level is not used by domain.kind=torus",
        f"{torus} domain.ratio=0.4 model=s2cnn": "s2cnn on lat_lon; torus with gauge or gcn",
        "gaugecnn config domain.ratio=0.4": "domain.ratio is not used by domain.kind=icosphere",
        "gaugecnn config domain.kind=tours": "did you mean torus?",
    }
    found = answers(trained, [*known, *refused])
    for line, (code, _, said) in zip(known, found, strict=False):
        assert code == 0, (line, said)
    assert "even" in found[0][1] or "odd" in found[0][1]
    assert (trained / "run.png").is_file()
    for (line, part), (code, _, said) in zip(refused.items(), found[len(known) :], strict=True):
        assert (code, said.count("\n")) == (2, 1), line
        assert part in said
