"""`Fields`: what its shapes and types ask for, what is refused, what a network is given."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import gaugecnn
from gaugecnn.data import Fields
from gaugecnn.data.batch import Batch
from gaugecnn.data.field_collection import FieldCollection
from gaugecnn.data.field_rendering import RawFields
from gaugecnn.data.fields import Target, checked
from gaugecnn.data.input_names import Input, check_inputs
from gaugecnn.data.inputs import surface_inputs
from gaugecnn.data.poses import Poses
from gaugecnn.data.resampling import map_points, spread_evenly
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.surfaces import (
    AzimuthalChart,
    CubedSphere,
    Icosphere,
    LatLonGrid,
    TriangleMesh,
)
from gaugecnn.surfaces.domain import PoseDistribution
from gaugecnn.surfaces.rotations import random_rotations
from tests.shipped import MESHES

ICO = Icosphere(1)  # 42 vertices
GRID = LatLonGrid(3)  # 6 x 6 points


def fields(shape, targets, layout="points", kind=float):
    values = np.random.default_rng(0).normal(size=shape)
    return Fields(values, np.ones(targets, kind), layout)


def test_it_is_public():
    assert gaugecnn.Fields is Fields
    assert "Fields" in dir(gaugecnn)


@pytest.mark.parametrize(
    ("domain", "layout", "shape", "targets", "dtype", "kind", "outputs"),
    [
        (ICO, "points", (5, 2, 42), (5,), int, Target.labels, 2),
        (ICO, "points", (5, 2, 42), (5, 42), int, Target.masks, 2),
        (ICO, "points", (5, 2, 42), (5, 3), float, Target.numbers, 3),
        (ICO, "points", (5, 2, 42), (5, 3, 42), float, Target.fields, 3),
        (ICO, "points", (5, 2, 42), (5, 1, 3, 42), float, Target.vectors, 1),
        (GRID, "points", (5, 1, 6, 6), (5, 6, 6), np.uint8, Target.masks, 2),
        (GRID, "points", (5, 1, 6, 6), (5, 2, 6, 6), np.float32, Target.fields, 2),
        (GRID, "equirectangular", (5, 1, 8, 11), (5, 8, 11), int, Target.masks, 2),
        (ICO, "equirectangular", (5, 1, 8, 11), (5, 2, 3, 8, 11), float, Target.vectors, 2),
        (ICO, "equirectangular", (5, 1, 8, 11), (5, 1, 8, 11), float, Target.fields, 1),
    ],
)
def test_targets_decide_what_is_asked(domain, layout, shape, targets, dtype, kind, outputs):
    half = checked(fields(shape, targets, layout, dtype), domain, "mine")
    assert half.kind is kind
    assert half.outputs == outputs
    assert half.values.dtype == torch.float32
    assert half.targets.dtype == (torch.float32 if dtype in (float, np.float32) else torch.int64)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (fields((5, 2, 41), (5,)), r"mine: expected values \(sample, channel, \(42,\)\) in "
                                   r"layout=points on icosphere.level=1., got shape \(5, 2, 41\)"),
        (fields((5, 42), (5,)), r"got shape \(5, 42\)"),
        (fields((5, 2, 42), (4,)), "a target for each of 5 samples, got 4"),
        (fields((5, 2, 42), (5, 42)), r"or vectors .*; got float64 of shape \(5, 42\)"),
        (fields((5, 2, 42), (5, 41), kind=int), r"got int64 of shape \(5, 41\)"),
        (fields((5, 2, 42), (5,), kind=bool), "got bool of shape"),
        (fields((5, 2, 42), (5, 1, 2, 42)), r"got float64 of shape \(5, 1, 2, 42\)"),
        (fields((5, 2, 42), (5,), "rows"), "layout to be one of points, equirectangular, got 'row"),
        (fields((5, 2, 42), (5,), "equirectangular"), r"expected values \(sample, channel, row, c"),
        (fields((5, 0, 42), (5,)), r"got shape \(5, 0, 42\)"),
        (Fields(np.full((1, 1, 42), np.nan), np.zeros(1, int)), "finite values, got 42 that"),
        (Fields(np.zeros((1, 1, 42)), np.full(1, -1)), "targets from 0 on"),
        (Fields(np.zeros((1, 1, 42)), np.full((1, 42), -2)), "targets from -1 on"),
        (Fields(np.zeros((1, 1, 42)), np.full((1, 1), np.inf)), "finite targets, or NaN"),
        (Fields([1.0], np.zeros(1, int)), "values: expected an array of numbers"),
        (Fields(np.zeros((1, 1, 42)), np.zeros(0, int)), "at least one sample"),
    ],
)  # fmt: skip
def test_what_is_given_is_checked(given, message):
    with pytest.raises(UserError, match=message):
        checked(given, ICO, "mine")


def collection(domain, train, test=None, **options):
    return FieldCollection(domain, train, test or train, "mine", **options)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            fields((5, 1, 42), (5,), kind=int),
            r"shape \(channel, \*axes\) of values .*\(2, 42\), got",
        ),
        (fields((5, 2, 42), (5, 2)), "same targets in the test half .* labels, got numbers"),
        (Fields(np.zeros((1, 2, 42)), np.full(1, 7)), "name class 7, those to train on only 2"),
    ],
)
def test_halves_are_compared(test, message):
    with pytest.raises(UserError, match=message):
        collection(ICO, fields((5, 2, 42), (5,), kind=int), test)


def test_channels_are_standardised_by_area_over_the_training_half():
    random = np.random.default_rng(0)
    train = random.normal(size=(20, 2, 6, 6)) * [[[3]], [[0.1]]] + [[[100]], [[-5]]]
    train[:, 1, 0] += 50  # a ring of little area
    found = collection(GRID, Fields(train, np.zeros(20, int)))
    weights = GRID.areas.view(6, 6) / GRID.areas.sum()
    mean = (torch.from_numpy(train) * weights).sum((2, 3)).mean(0)
    assert found.description.mean == pytest.approx(mean.tolist())
    signal = found.renderer()(RawFields(found.train.values, found.train.targets, None)).signal
    means = (signal * weights).sum((2, 3)).mean(0)
    squares = (signal.square() * weights).sum((2, 3)).mean(0)
    torch.testing.assert_close(means.float(), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(squares.float(), torch.ones(2), atol=1e-4, rtol=0)
    plain = collection(GRID, Fields(train, np.zeros(20, int)), standardise=False)
    raw = plain.renderer()(RawFields(plain.train.values, plain.train.targets, None)).signal
    torch.testing.assert_close(raw, plain.train.values)
    kept = collection(GRID, Fields(train * 7, np.zeros(20, int)), description=found.description)
    assert kept.description.mean == found.description.mean  # a run keeps its own units


def test_the_outside_of_a_chart_is_zero_and_unlabelled():
    domain = AzimuthalChart(8)
    maps = Fields(np.full((2, 1, 8, 16), 5.0), np.ones((2, 8, 16), int), "equirectangular")
    found = collection(domain, maps, standardise=False)
    batch = found.renderer()(RawFields(found.train.values, found.train.targets, None))
    outside = (domain.areas == 0).view(8, 8)
    assert (batch.signal[:, 0, outside] == 0).all()
    assert (batch.mask[:, outside] == -1).all()
    assert (batch.signal[:, 0, ~outside] - 5).abs().max() < 1e-5


@pytest.mark.parametrize(
    "domain", [Icosphere(3), LatLonGrid(12), CubedSphere(9)], ids=lambda d: d.title
)
@pytest.mark.parametrize("layout", ["points", "equirectangular"])
def test_vectors_turn_with_their_fields(domain, layout):
    """The gradient of a turned function is its turned gradient."""
    k = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    if layout == "points":
        x, axes = domain.points, domain.shape
    else:
        x, axes = map_points((48, 96)), (48, 96)

    def gradient(x, k):
        whole = torch.cos(x @ k)[:, None] * k
        return whole - (whole * x).sum(1, keepdim=True) * x

    vectors = gradient(x, k).T.reshape(1, 1, 3, *axes)
    values = torch.sin(x @ k).reshape(1, 1, *axes)
    found = collection(domain, Fields(values, vectors, layout), standardise=False)
    rotation = random_rotations(1, torch.Generator().manual_seed(5))
    raw = RawFields(found.train.values, found.train.targets, rotation.float())
    batch = found.renderer()(raw)
    turned = rotation[0] @ k
    expected = gradient(domain.points, turned).T.view(1, 1, 3, *domain.shape)
    assert (batch.mask - expected).abs().max() < 0.15
    assert (batch.mask - expected).abs().mean() < 0.02
    assert ((batch.mask * domain.points.T.view(3, *domain.shape)).sum(2)).abs().max() < 1e-6
    everywhere = gradient(spread_evenly(4000), k).square().sum(1).mean().sqrt().item()
    assert found.description.target_deviation[0] == pytest.approx(everywhere, rel=0.01)


def test_poses_are_drawn_as_those_of_pictures():
    found = collection(ICO, fields((5, 2, 42), (5,), kind=int))
    fresh = found.dataset(found.train, Poses(PoseDistribution.so3, None, (1,)), (0,))
    index = torch.arange(5)
    assert not torch.equal(fresh[0, index].rotations, fresh[1, index].rotations)
    copied = found.dataset(found.train, Poses(PoseDistribution.so3, 3, (1,)), (0,))
    assert len(copied) == 15
    upright = found.dataset(found.test, Poses(PoseDistribution.none, 1, (1,)), (0,))
    assert upright[0, index].rotations is None
    assert set(found.conditions) == {"unrotated", "rotated"}


def test_meshes_have_other_frames_in_place_of_poses():
    mesh = TriangleMesh.from_file(MESHES / "torus.ply")
    count = len(mesh.points)
    found = collection(mesh, fields((3, 1, count), (3, count), kind=int))
    assert not found.has_poses
    assert [c.overrides for c in found.conditions.values()] == [
        ("domain.frames=aligned",), ("domain.frames=random",)
    ]  # fmt: skip
    assert list(found.conditions) == ["frames/aligned", "frames/random"]
    with pytest.raises(UserError, match=r"maps are of the sphere, got .*torus"):
        collection(mesh, fields((3, 1, 4, 8), (3,), "equirectangular", int))


def test_values_per_vertex_of_a_file_follow_what_was_mended(tmp_path):
    mesh = TriangleMesh.from_file(MESHES / "torus.ply")
    import trimesh

    loose = np.concatenate([[[9.0, 9, 9]], mesh.surface.vertices, [[8.0, 8, 8]]])
    trimesh.Trimesh(loose, mesh.surface.faces + 1, process=False).export(tmp_path / "loose.ply")
    with pytest.warns(GaugecnnWarning, match="2 unused vertices left out"):
        mended = TriangleMesh.from_file(tmp_path / "loose.ply")
    assert mended.given == len(loose) == len(mended.points) + 2
    values = np.arange(len(loose), dtype=float)[None, None]
    half = checked(Fields(values, values[0].astype(int)), mended, "mine")
    assert half.values.shape == (1, 1, len(mended.points))
    assert half.values[0, 0].tolist() == mended.vertex_map.tolist()
    assert half.targets[0].tolist() == mended.vertex_map.tolist()


@pytest.mark.parametrize("text", ["", "xyz+xyz", "values+colour", "XYZ", "+"])
def test_other_inputs_are_refused(text):
    with pytest.raises(UserError, match="data.input: expected some of values, xyz, curvature, h"):
        check_inputs(text)


def test_inputs_of_the_surface():
    mesh = TriangleMesh.from_file(MESHES / "genus2.ply")
    inputs = check_inputs("xyz+curvature+hks")
    surface = surface_inputs(mesh, inputs)
    assert surface.scalars.shape == (10, len(mesh.points))
    assert surface.vectors.shape == (3, len(mesh.points))
    areas = (mesh.areas / mesh.areas.sum()).float()
    torch.testing.assert_close(surface.scalars @ areas, torch.zeros(10), atol=1e-4, rtol=0)
    torch.testing.assert_close(surface.scalars.square() @ areas, torch.ones(10), atol=1e-3, rtol=0)
    assert (surface.vectors.square().sum(0) @ areas).item() == pytest.approx(1, abs=1e-4)
    with pytest.raises(UserError, match=r"data.input=xyz is of meshes, got lat_lon"):
        surface_inputs(GRID, (Input.xyz,))
    with pytest.raises(UserError, match="values=None leaves nothing to read: set data.input to"):
        collection(ICO, Fields(None, np.zeros(3, int)))
    both = collection(ICO, fields((3, 2, 42), (3,), kind=int), inputs=(Input.values, Input.xyz))
    assert (both.description.channels, both.description.vectors) == (2, 1)
    batch = both.renderer()(RawFields(both.train.values, both.train.targets, None))
    assert isinstance(batch, Batch)
    assert batch.signal.shape == (3, 5, 42)
