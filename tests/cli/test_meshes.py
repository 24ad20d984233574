"""Meshes on the command line: one message for each damaged one, every shipped one used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import trimesh

from gaugecnn.errors import GaugecnnWarning
from tests.cli.calls import TINY, refuse, succeed
from tests.geometry.damage import DAMAGES, torus
from tests.geometry.test_loading import obj, ply

SHIPPED = ("ellipsoid", "bumpy_sphere", "capped_cylinder", "torus", "hemisphere", "genus2")

SCALED = pytest.mark.filterwarnings("ignore:.*images are:gaugecnn.errors.GaugecnnWarning")


@pytest.mark.parametrize("writer", [ply, obj], ids=["ply", "obj"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_mesh_is_refused_with_one_message(damage, writer, empty: Path, tmp_path: Path):
    file = tmp_path / f"damaged.{writer.__name__}"
    file.write_bytes(writer(*DAMAGES[damage].apply(*torus())))
    words = ["model=gauge", "domain.kind=mesh", f"domain.file={file}", "domain.repair=strict"]
    line = refuse("train", *words)
    assert file.name in line
    if writer is ply:  # .obj has its own words for indices
        assert re.search(DAMAGES[damage].message, line), line
    assert not (empty / "runs").exists()


@SCALED
@pytest.mark.parametrize("name", ["cost $_^$ x.obj", "a: b.obj", "b\udcff.obj"])
def test_a_mended_mesh_of_any_name_is_trained_on(name: str, tmp_path: Path):
    vertices, faces = torus(24, 12)
    apart = np.append(vertices, [[9.0, 9, 9]], axis=0)  # unused, and a hole in the numbers
    (tmp_path / name).write_bytes(obj(apart, np.append(faces, faces[:1], axis=0)))
    words = [word for word in TINY if not word.startswith("domain.")]
    words += ["domain.kind=mesh", f"domain.file={tmp_path / name}", f"output={tmp_path / 'run'}"]
    said = "1 unused vertices left out; 1 faces that repeat another dropped"
    with pytest.warns(GaugecnnWarning, match=f"mended: {said}; domain.repair=strict refuses"):
        succeed("train", "model.classification.stages=[{channels: 2}]", *words)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert set(summary["test"]) == {"unrotated", "rotated"}
    with pytest.warns(GaugecnnWarning, match="mended"):
        succeed("render", "--run", tmp_path / "run", "--output", tmp_path / "digit.png")


def test_repair_is_one_of_two_words(empty: Path):
    line = refuse("config", "domain.kind=mesh", "domain.file=a.ply", "domain.repair=best")
    assert "domain.repair: expected one of safe, strict, got 'best'" in line


@pytest.mark.parametrize("text", ["", "ply\n", "ply\nformat ascii 1.0\nend_header\n", "v 1 2\n"])
def test_a_file_that_holds_no_mesh_is_refused(text: str, empty: Path, tmp_path: Path):
    for suffix in ("ply", "obj", "off", "stl"):
        file = tmp_path / f"broken.{suffix}"
        file.write_text(text)
        line = refuse("train", "model=gauge", "domain.kind=mesh", f"domain.file={file}")
        assert "broken" in line
    assert not (empty / "runs").exists()


def test_too_few_vertices_for_the_plan(empty: Path, tmp_path: Path):
    file = tmp_path / "small.ply"
    file.write_bytes(ply(*torus(5, 3)))
    line = refuse("train", "model=gcn", "domain.kind=mesh", f"domain.file={file}")
    assert re.search(r"the plan goes 1 levels down, but small\.ply \(15 vertices\)", line)


@pytest.mark.slow
@SCALED
@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_surface_is_trained_and_tested_on(name: str, task: str, tmp_path: Path):
    words = [word for word in TINY if not word.startswith("domain.")]
    words += ["domain.kind=mesh", f"domain.file=meshes/{name}.ply", "data.rotation=so3"]
    succeed("train", f"task={task}", *words, f"output={tmp_path / 'run'}")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert set(summary["test"]) == {"unrotated", "rotated"}
    succeed("render", "--run", tmp_path / "run", "--output", tmp_path / "digit.png")


@SCALED
def test_two_meshes_of_one_name_are_two_surfaces(tmp_path: Path):
    files = []
    for folder, size in (("one", (24, 12)), ("two", (24, 16))):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "ring.ply")
        files[-1].write_bytes(ply(*torus(*size)))
    run = tmp_path / "run"
    words = [word for word in TINY if not word.startswith("domain.")]
    stages = "model.classification.stages=[{channels: 2}]"
    succeed("train", *words, stages, "domain.kind=mesh", f"domain.file={files[0]}", f"output={run}")
    for file in (*files, files[1]):
        succeed("evaluate", run, f"domain.file={file}")
    tests = json.loads((run / "summary.json").read_text())["test"]
    other = [name for name in tests if re.fullmatch(r"ring-[0-9a-f]{8}/rotated", name)]
    assert len(other) == 1
    assert len(tests) == 4


@pytest.mark.filterwarnings("ignore::gaugecnn.errors.GaugecnnWarning")
def test_a_mesh_of_long_triangles_is_trained_on(tmp_path: Path):
    """As CAD programs write them: heat ended in "SVD did not converge"."""
    cylinder = trimesh.creation.cylinder(1, 6, sections=64)
    cylinder.export(tmp_path / "cad_cylinder.stl")
    words = [word for word in TINY if not word.startswith("domain.")]
    words += ["domain.kind=mesh", f"domain.file={tmp_path / 'cad_cylinder.stl'}"]
    for task in ("classification", "segmentation"):
        run = tmp_path / task
        succeed("train", "model=gauge", f"task={task}", *words, f"output={run}")
        assert (run / "summary.json").is_file()
