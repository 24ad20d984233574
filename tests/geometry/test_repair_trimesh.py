"""From a trimesh object, or a file, to a TriangleMesh: what is mended and said."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.surfaces import TriangleMesh
from tests.geometry.damage import DAMAGES, torus
from tests.geometry.mending import cube, seamed
from tests.geometry.test_loading import obj, saved, stl

JOINED = "8 vertices joined with equal ones"
TAIL = "; domain.repair=strict refuses instead$"


def uv_seamed() -> trimesh.Trimesh:
    vertices, faces = seamed()
    uv = np.zeros((len(vertices), 2))
    visual = trimesh.visual.TextureVisuals(uv=uv)
    return trimesh.Trimesh(vertices, faces, visual=visual, process=False)


def test_a_uv_seam_is_closed_and_said():
    with pytest.warns(GaugecnnWarning, match=f"^vase: mended: {JOINED}{TAIL}"):
        mesh = TriangleMesh.from_trimesh(uv_seamed(), "vase")
    assert mesh.repairs == [JOINED]
    whole = TriangleMesh(*torus())
    np.testing.assert_allclose(mesh.surface.vertices, whole.surface.vertices, atol=1e-12)
    np.testing.assert_array_equal(mesh.surface.faces, whole.surface.faces)
    assert mesh.vertex_map.tolist() == list(range(128))


def test_strict_leaves_a_seam_open():
    mesh = TriangleMesh.from_trimesh(uv_seamed(), repair="strict")
    assert (len(mesh.surface), mesh.repairs) == (136, [])


def test_a_scene_of_one_mesh_is_that_mesh():
    scene = trimesh.Trimesh(*torus(), process=False).scene()
    mesh = TriangleMesh.from_trimesh(scene)
    assert mesh.repairs == []
    np.testing.assert_array_equal(mesh.surface.vertices, TriangleMesh(*torus()).surface.vertices)


def test_meshes_of_a_scene_stand_in_their_places():
    scene = trimesh.Scene()
    for shift in (0, 3):
        box = trimesh.Trimesh(*cube(0, 0, 0), process=False)
        scene.add_geometry(box, transform=trimesh.transformations.translation_matrix([shift, 0, 0]))
    scene.add_geometry(trimesh.PointCloud(np.zeros((2, 3))))
    said = ["2 meshes of a scene put side by side", "2 components kept side by side"]
    with pytest.warns(GaugecnnWarning, match=f"^mesh: mended: {'; '.join(said)}{TAIL}"):
        mesh = TriangleMesh.from_trimesh(scene)
    assert mesh.repairs == said
    assert mesh.vertex_map.tolist() == list(range(16))
    middles = mesh.surface.vertices.reshape(2, 8, 3).mean(axis=1)
    side = np.ptp(mesh.surface.vertices[:8, 1])
    np.testing.assert_allclose(middles[1] - middles[0], [3 * side, 0, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (trimesh.PointCloud(np.zeros((4, 3))), "a PointCloud"),
        (trimesh.load_path(np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 1]])), "a Path3D"),
        (trimesh.load_path(np.array([[0.0, 0], [1, 0], [1, 1]])), "a Path2D"),
        (trimesh.Scene(), "one of nothing"),
        (trimesh.Scene(trimesh.PointCloud(np.zeros((4, 3)))), "one of PointCloud"),
        (np.zeros((4, 3)), "a ndarray"),
        ("bunny.ply", "a str"),
        (None, "a NoneType"),
    ],
)
def test_other_objects_are_refused_in_one_line(shape, kind):
    with pytest.raises(UserError, match=rf"^cloud: expected .* trimesh.Trimesh.*, got {kind}$"):
        TriangleMesh.from_trimesh(shape, "cloud")


def test_an_empty_mesh_is_refused():
    with pytest.raises(UserError, match="^mesh: expected at least one face, got none"):
        TriangleMesh.from_trimesh(trimesh.Trimesh())


def test_one_warning_for_all_of_a_file(tmp_path):
    """The index is that of the file's own corners, though they were joined in reading it."""
    vertices, faces = DAMAGES["two components"].apply(*torus())
    vertices = vertices.astype(np.float32).astype(float)
    path = saved(tmp_path, "stl", stl(vertices, faces))
    said = [
        "780 corners at equal places joined into 132 vertices",
        "2 components kept side by side",
    ]
    with pytest.warns(GaugecnnWarning, match=f"^mesh.stl: mended: {'; '.join(said)}{TAIL}") as all_:
        mesh = TriangleMesh.from_file(path)
    assert len(all_) == 1
    assert mesh.repairs == said
    kept = vertices[faces].reshape(-1, 3)[mesh.vertex_map]
    scale = np.ptp(mesh.surface.vertices[:, 0]) / np.ptp(kept[:, 0])
    moved = mesh.surface.vertices - mesh.surface.vertices[0]
    np.testing.assert_allclose(moved, scale * (kept - kept[0]), atol=1e-12)


def test_an_stl_file_joins_its_corners_in_strict_too(tmp_path):
    path = saved(tmp_path, "stl", stl(*torus()))
    said = "768 corners at equal places joined into 128 vertices"
    for repair in ("safe", "strict"):
        with pytest.warns(GaugecnnWarning, match=f"^mesh.stl: mended: {said}$"):
            assert TriangleMesh.from_file(path, repair=repair).repairs == [said]


def test_strict_refuses_and_other_words_are_not_known(tmp_path):
    path = saved(tmp_path, "obj", obj(*DAMAGES["bow tie"].apply(*torus())))
    with pytest.raises(UserError, match=f"^mesh.obj: {DAMAGES['bow tie'].message}"):
        TriangleMesh.from_file(path, repair="strict")
    with pytest.raises(UserError, match="domain.repair: expected one of safe, strict, got 'yes'"):
        TriangleMesh.from_file(path, repair="yes")
