"""The shipped surfaces are sound, are what the README says, and come from their scripts."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import trimesh

from gaugecnn.geometry.hierarchy import coarser, nested
from gaugecnn.surfaces import TriangleMesh
from tests.shipped import MESHES

EULER = {
    "bumpy_sphere": 2,
    "capped_cylinder": 2,
    "ellipsoid": 2,
    "genus2": -2,
    "hemisphere": 1,
    "torus": 0,
}
NESTED = {
    "bumpy_sphere": [642, 162, 42, 12],
    "capped_cylinder": [578, 146, 38],
    "ellipsoid": [642, 162, 42, 12],
    "genus2": [],
    "hemisphere": [341, 91, 26],
    "torus": [576, 144, 36],
}
OPEN = {"hemisphere"}
each_mesh = pytest.mark.parametrize("name", EULER)


def load(path: Path) -> trimesh.Trimesh:
    """The mesh of a file, vertices and faces in the file's order."""
    return trimesh.load_mesh(path, process=False)


@pytest.fixture
def script(monkeypatch):
    """Imports a script of meshes/, as `python meshes/NAME.py` finds its neighbours."""
    monkeypatch.syspath_prepend(MESHES)
    return importlib.import_module


def test_every_file_has_a_test():
    assert {path.stem for path in MESHES.glob("*.ply")} == set(EULER)


@each_mesh
def test_manifold_oriented_outwards_and_of_its_topology(name, script):
    mesh = load(MESHES / f"{name}.ply")
    script("common").check(mesh.vertices, mesh.faces, EULER[name])
    assert mesh.is_winding_consistent
    assert mesh.euler_number == EULER[name]
    assert mesh.is_watertight == (name not in OPEN)
    if name not in OPEN:
        assert mesh.volume > 0


def test_the_hemisphere_has_one_boundary_curve_exactly_on_the_plane():
    mesh = load(MESHES / "hemisphere.ply")
    (outline,) = mesh.outline().entities
    assert len(set(outline.points)) == 80
    assert (mesh.vertices[outline.points, 2] == 0).all()
    assert (mesh.vertices[:, 2] > 0).sum() == len(mesh.vertices) - 80


@each_mesh
def test_triangles_are_well_shaped_and_edges_of_similar_length(name):
    mesh = load(MESHES / f"{name}.ply")
    length = mesh.edges_unique_length
    assert np.degrees(mesh.face_angles.min()) >= 20
    assert length.max() / length.min() <= 3


@each_mesh
def test_small_and_listed_with_what_is_in_it(name):
    path = MESHES / f"{name}.ply"
    assert path.stat().st_size <= 160_000
    readme = (MESHES / "README.md").read_text()
    (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{path.name}` |")]
    _, _, vertices, euler, boundary, levels, made_by, _ = row.strip("| ").split(" | ")
    assert vertices == f"{len(load(path).vertices):,}"
    assert int(euler) == EULER[name]
    assert (boundary != "none") == (name in OPEN)
    assert [int(n) for n in re.findall(r"\d+", levels)] == [len(NESTED[name]), *NESTED[name]]
    assert made_by == f"`make_{name}.py`"


@each_mesh
def test_the_nested_levels_are_those_promised(name):
    surface, found = TriangleMesh.from_file(MESHES / f"{name}.ply").surface, []
    while len(found) < len(NESTED[name]) and nested(surface):
        surface = coarser(surface)
        found.append(len(surface))
    assert found == NESTED[name]
    assert name != "genus2" or not nested(surface)


@each_mesh
def test_its_script_makes_it_again(name, script, tmp_path):
    again = tmp_path / f"{name}.ply"
    script("common").write(again, *script(f"make_{name}").build(), EULER[name])
    made, shipped = load(again), load(MESHES / f"{name}.ply")
    np.testing.assert_allclose(made.vertices, shipped.vertices, atol=1e-6)
    np.testing.assert_array_equal(made.faces, shipped.faces)


TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]])
PINCHED = np.concatenate([TETRAHEDRON, np.where(TETRAHEDRON > 0, TETRAHEDRON + 3, 0)[:, ::-1]])


@pytest.mark.parametrize(
    ("vertices", "faces", "euler", "message"),
    [
        (CORNERS[:4], TETRAHEDRON[:, ::-1], 2, "inside out"),
        (CORNERS[:4], TETRAHEDRON, 0, "expected 0, got 2"),
        (CORNERS[:4], np.concatenate([TETRAHEDRON[:3], TETRAHEDRON[3:, ::-1]]), 2, "one side"),
        (CORNERS[:5], TETRAHEDRON, 2, "belongs to no face"),
        (CORNERS, PINCHED, 3, "two fans"),
    ],
)
def test_the_check_refuses_what_is_unsound(script, vertices, faces, euler, message):
    with pytest.raises(AssertionError, match=message):
        script("common").check(vertices, faces, euler)
