from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import trimesh

from gaugecnn import build_model, load_config
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.canonical import Order
from gaugecnn.geometry.hierarchy import coarser, level, nested
from gaugecnn.geometry.icosahedron import FACES, VERTICES
from gaugecnn.geometry.loading import load_mesh
from gaugecnn.geometry.subdivision import subdivide, undone
from gaugecnn.surfaces import Icosphere, TriangleMesh
from gaugecnn.surfaces.domain import PoseDistribution
from gaugecnn.surfaces.symmetry import Rotation, icosahedral_rotations, tilt
from tests.geometry.mending import shuffled
from tests.shipped import MESHES


def torus(around: int = 16, across: int = 8) -> tuple[np.ndarray, np.ndarray]:
    u, v = np.meshgrid(
        2 * np.pi * np.arange(around) / around,
        2 * np.pi * np.arange(across) / across,
        indexing="ij",
    )
    r = 1 + 0.4 * np.cos(v)
    points = np.stack([r * np.cos(u), r * np.sin(u), 0.4 * np.sin(v)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(around), np.arange(across), indexing="ij")

    def at(a, b):
        return (a % around) * across + b % across

    a = np.stack([at(i, j), at(i + 1, j), at(i + 1, j + 1)], -1).reshape(-1, 3)
    b = np.stack([at(i, j), at(i + 1, j + 1), at(i, j + 1)], -1).reshape(-1, 3)
    return points, np.concatenate([a, b])


def solid(times: int) -> tuple[np.ndarray, np.ndarray]:
    box = trimesh.creation.box((1, 1.5, 2.2)).subdivide().subdivide()
    for _ in range(times):
        box = box.subdivide()
    return np.array(box.vertices), np.array(box.faces)


def test_the_icosahedron_is_that_of_trimesh():
    solid = trimesh.creation.icosahedron()
    assert np.array_equal(VERTICES, solid.vertices)
    assert np.array_equal(FACES, solid.faces)


@pytest.mark.parametrize("depth", range(5))
def test_icospheres_know_their_coarser_levels(depth):
    surface = Icosphere(depth, "random").surface
    for _ in range(depth):
        kept, faces = undone(surface.mesh, Order(surface.vertices, surface.areas))
        surface = coarser(surface)
        assert np.array_equal(surface.index, kept)
        assert np.array_equal(surface.faces, faces)
    assert coarser(surface) is None


@pytest.mark.parametrize("level", range(5))
def test_icospheres(level):
    domain = Icosphere(level)
    assert len(domain.points) == 10 * 4**level + 2
    assert domain.areas.sum().item() == pytest.approx(4 * math.pi)
    torch.testing.assert_close(domain.points.norm(dim=-1), torch.ones(len(domain.points)).double())
    if level:
        torch.testing.assert_close(
            domain.points[: len(Icosphere(level - 1).points)], Icosphere(level - 1).points
        )
    mesh = trimesh.Trimesh(domain.surface.vertices, domain.surface.faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0


@pytest.mark.parametrize("level", [-1, 8])
def test_levels_out_of_range_are_refused(level):
    with pytest.raises(UserError, match=rf"0 <= domain.level <= 7, got {level}"):
        Icosphere(level)


def test_sixty_rotations_permute_every_level():
    rotations = icosahedral_rotations(Icosphere(0).points)
    assert rotations.shape == (60, 3, 3)
    distinct = {tuple(r.flatten().round(decimals=6).tolist()) for r in rotations}
    assert len(distinct) == 60
    domain = Icosphere(3)
    assert len(domain.symmetries()) == 60
    with pytest.raises(ValueError, match="permutes the points of icosphere"):
        Rotation("tilt", tilt(0.1), domain)


def test_rotation_of_a_signal():
    domain = Icosphere(2)
    heights = domain.points[:, 0][None, None]
    for rotation in domain.symmetries()[:7]:
        moved = rotation.on_signal(heights)
        expected = (domain.points @ rotation.matrix)[:, 0]  # f(R^-1 x)
        torch.testing.assert_close(moved[0, 0], expected, atol=1e-7, rtol=0)


@pytest.mark.filterwarnings("ignore:.*side by side:gaugecnn.errors.GaugecnnWarning")
@pytest.mark.parametrize("name", ["icosphere", "torus", "genus2", "small torus", "two boxes"])
@pytest.mark.parametrize("moved", [False, True])
def test_levels_do_not_depend_on_how_a_mesh_is_stored(name, moved):
    """Nor on where it stands: the same vertices are kept, with the same areas."""
    if name == "icosphere":
        surface = Icosphere(3).surface
        vertices, faces = surface.vertices, surface.faces
    elif name == "small torus":  # four coarser tori are possible, and all vertices of a ring alike
        vertices, faces = torus()
    elif name == "two boxes":
        (v, f), (w, g) = solid(0), solid(1)
        vertices, faces = np.concatenate([v, 1.1 * w + 3]), np.concatenate([f, len(v) + g])
    else:
        vertices, faces = load_mesh(MESHES / f"{name}.ply")
    kept = []
    for v, f in ((vertices, faces), shuffled(vertices, faces)):
        shift = np.array([448262, 5411930, 112]) if moved and len(kept) else 0
        surface = TriangleMesh(v + shift, f).surface
        coarse = level(surface, 1 if name == "small torus" else 2)
        places = coarse.vertices
        order = np.lexsort(places.round(5).T)
        kept.append((places[order], coarse.areas[order]))
    np.testing.assert_allclose(kept[0][0], kept[1][0], atol=1e-6)
    np.testing.assert_allclose(kept[0][1], kept[1][1], atol=1e-6)


def test_levels_are_nested_and_share_their_geometry():
    surface = TriangleMesh(*torus()).surface
    coarse = level(surface, 1)
    assert len(coarse) == 32
    assert coarse is level(surface, 1)
    assert coarse.tangent is surface.tangent
    np.testing.assert_array_equal(coarse.vertices, surface.vertices[coarse.index])
    assert coarse.total_area == pytest.approx(4 * math.pi)


def test_a_mesh_that_is_no_subdivision_has_farthest_point_levels():
    surface = TriangleMesh.from_file("meshes/genus2.ply").surface
    assert not nested(surface)
    coarse = level(surface, 1)
    assert len(coarse) == len(surface) // 4
    assert coarse.total_area == pytest.approx(4 * math.pi)
    euler = len(coarse) - len(coarse.mesh.edges) + len(coarse.faces)
    assert euler == -2  # the cells' dual has the shape of the surface
    # Every vertex has a kept one near; kept ones keep apart.
    covered = coarse.discs(1.0, surface)
    nearest = np.full(len(surface), np.inf)
    np.minimum.at(nearest, covered.vertex, covered.distance)
    nearest[coarse.index] = 0
    assert nearest.max() < 1.1 * coarse.discs(1.0).distance.min()


def test_hierarchy_of_an_open_mesh():
    square = (
        np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )
    vertices, faces = subdivide(*subdivide(*square))
    assert len(coarser(TriangleMesh(*subdivide(vertices, faces)).surface)) == len(vertices)


def test_too_many_levels_are_refused():
    with pytest.raises(UserError, match=r"goes 3 levels down, but mesh \(128 vertices\) has 2"):
        level(TriangleMesh(*torus()).surface, 3)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_a_mesh_file_gives_the_icosphere_s_logits(tmp_path, task):
    sphere = Icosphere(3)
    path = tmp_path / "sphere.off"
    mesh = trimesh.Trimesh(3.7 * sphere.surface.vertices, sphere.surface.faces, process=False)
    path.write_text(trimesh.exchange.off.export_off(mesh, digits=16))
    ours = build_model(load_config("gauge", task, ["domain.level=3"])).eval()
    words = ["domain.kind=mesh", f"domain.file={path}"]
    theirs = build_model(load_config("gauge", task, words)).eval()
    theirs.load_state_dict(ours.state_dict())
    signal = torch.rand(2, 1, 642)
    torch.testing.assert_close(theirs(signal), ours(signal), atol=1e-4, rtol=1e-4)


def test_both_definitions_of_a_pose_give_the_same_picture():
    sphere = Icosphere(3)
    mesh = TriangleMesh(sphere.surface.vertices, sphere.surface.faces)
    generator = torch.Generator().manual_seed(0)
    poses = mesh.sample_poses(5, PoseDistribution.so3, generator)
    # The rotation that takes the south pole's picture to the vertex: columns along e1, rows -e2.
    frames = torch.from_numpy(mesh.surface.frames[poses[:, 0].long().numpy()])
    c, s = poses[:, 1].double().cos()[:, None], poses[:, 1].double().sin()[:, None]
    column = c * frames[:, 0] + s * frames[:, 1]
    row = -(c * frames[:, 1] - s * frames[:, 0])
    rotations = torch.stack([column, row, -frames[:, 2]], dim=-1).float()
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(5))
    expected = sphere.image_coordinates(rotations)
    got = mesh.image_coordinates(poses)
    edge = (expected.isnan() != got.isnan()).any(-1)
    assert edge.float().mean() < 0.01  # rounding at the border of the picture
    torch.testing.assert_close(got[~edge], expected[~edge], atol=1e-4, rtol=0, equal_nan=True)
    upright = mesh.image_coordinates(mesh.sample_poses(1, PoseDistribution.none, generator))
    lowest = mesh.surface.vertices[:, 2].argmin()
    assert upright[0, lowest].abs().max() < 1e-6


def test_upright_images_stand_far_from_a_boundary():
    mesh = TriangleMesh.from_file(MESHES / "hemisphere.ply")
    with pytest.warns(GaugecnnWarning, match="0.92 times as wide"):
        poses = mesh.sample_poses(3, PoseDistribution.none, torch.Generator())
    np.testing.assert_array_equal(poses[:, 0], mesh.surface.vertices[:, 2].argmax())


def broken(kind: str) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces = torus()
    match kind:
        case "not finite":
            vertices[3, 1] = np.nan
        case "index outside":
            faces[5, 2] = len(vertices)
        case "negative index":
            faces[5, 2] = -1
        case "without area":
            faces[7] = faces[7][[0, 0, 1]]
        case "unused":
            vertices = np.concatenate([vertices, [[9.0, 9, 9]]])
        case "more than two faces":
            vertices = np.concatenate([vertices, [[9.0, 9, 9]]])
            faces = np.concatenate([faces, [[faces[0, 0], faces[0, 1], len(vertices) - 1]]])
        case "no face":
            faces = faces[:0]
        case "shape":
            faces = faces[:, :2]
    return vertices, faces


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("not finite", r"bad: 1 vertices that are not finite, the first: \[3\]"),
        ("index outside", r"bad: 1 faces with an index outside 0..127, the first: \[5\]"),
        ("negative index", r"faces with an index outside"),
        ("without area", r"bad: 1 faces without area, the first: \[7\]"),
        ("unused", r"bad: 1 unused vertices, the first: \[128\]"),
        ("more than two faces", r"bad: 1 edges with more than two faces"),
        ("no face", "at least one face"),
        ("shape", r"expected vertices \(vertex, 3\) and faces \(face, 3\)"),
    ],
)
def test_broken_meshes_are_refused(kind, message):
    with pytest.raises(UserError, match=message):
        TriangleMesh(*broken(kind), name="bad", repair="strict")


def test_files_that_are_no_mesh_are_refused(tmp_path):
    with pytest.raises(UserError, match="no mesh file at"):
        TriangleMesh.from_file(tmp_path / "absent.ply")
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(UserError, match=r"expected one of .ply, .obj, .stl, .off, got a.txt"):
        TriangleMesh.from_file(tmp_path / "a.txt")
    (tmp_path / "b.ply").write_text("hello")
    with pytest.raises(UserError, match="b.ply could not be read"):
        TriangleMesh.from_file(tmp_path / "b.ply")


@pytest.mark.parametrize("suffix", ["ply", "obj", "off"])
def test_formats(tmp_path, suffix):
    sphere = Icosphere(1).surface
    path = tmp_path / f"sphere.{suffix}"
    trimesh.Trimesh(sphere.vertices, sphere.faces, process=False).export(path)
    mesh = TriangleMesh.from_file(path)
    assert len(mesh.points) == 42
    assert mesh.title == path.name
