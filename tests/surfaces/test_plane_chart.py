from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gaugecnn import build_datamodule, build_model, load_config
from gaugecnn.choices import PoseDistribution
from gaugecnn.data.images.rendering import RawBatch, Renderer
from gaugecnn.errors import UserError
from gaugecnn.figures.projection import front, views
from gaugecnn.surfaces import AzimuthalChart, Icosphere, LatLonGrid, PlaneChart
from gaugecnn.surfaces.chart import planar_chart
from gaugecnn.surfaces.symmetry import Reflection, Rotation, reflection_of_x, step_about_z
from gaugecnn.testing.symmetry_checks import randomise

PLANE = ("domain.chart=plane", "domain.size=28")


def rendered(size: int, angle: float, images: torch.Tensor) -> torch.Tensor:
    """Signals of pictures ``(image, 1, row, column)`` turned by degrees."""
    chart = PlaneChart(size)
    count = len(images)
    poses = chart.turned_poses(torch.full((count,), math.radians(angle)))
    nowhere = torch.zeros(count, 1, 2, dtype=torch.int64)
    raw = RawBatch(images[:, None], torch.zeros(count, 1, dtype=torch.int64), nowhere, poses)
    return Renderer(chart)(raw).signal


@pytest.fixture
def pictures():
    return torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_an_upright_picture_of_the_same_size_is_the_signal(pictures):
    torch.testing.assert_close(rendered(28, 0, pictures), pictures, atol=1e-6, rtol=0)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("size", [27, 28])
def test_quarter_turns_of_the_pose_turn_the_picture(pictures, size, turns):
    upright, turned = rendered(size, 0, pictures), rendered(size, 90 * turns, pictures)
    expected = torch.rot90(upright, -turns, (2, 3))  # +x, columns, towards +y, rows downwards
    torch.testing.assert_close(turned, expected, atol=1e-5, rtol=0)
    assert (turned - upright).abs().max() > 0.1


def test_what_is_turned_out_of_the_square_is_lost_and_the_corners_are_dark():
    white = torch.ones(1, 1, 28, 28)
    turned = rendered(28, 45, white)[0, 0]
    assert turned[0, 0] == turned[27, 27] == 0
    assert turned[14, 14] == 1
    share = float(turned.mean())  # an octagon: 2 (sqrt(2) - 1) of the square
    assert share == pytest.approx(2 * (math.sqrt(2) - 1), abs=0.02)


def test_geometry():
    chart = PlaneChart(4)
    assert chart.shape == (4, 4)
    assert chart.title == "chart(plane, size=4)"
    torch.testing.assert_close(chart.points[1], torch.tensor([-0.25, -0.75, 0.0]).double())
    assert float(chart.areas.sum()) == pytest.approx(4.0)
    assert torch.equal(chart.normals[3], torch.tensor([0.0, 0.0, -1.0]).double())
    assert isinstance(planar_chart("plane", 5), PlaneChart)
    with pytest.raises(UserError, match=r"domain\.size >= 2 of chart=plane, got 1"):
        PlaneChart(1)


@pytest.mark.parametrize("chart", [PlaneChart(5), AzimuthalChart(6)], ids=lambda c: c.title)
def test_a_square_chart_has_the_eight_symmetries_of_the_square(chart):
    symmetries = chart.symmetries()
    assert [type(s) for s in symmetries] == [Rotation] * 3 + [Reflection] * 4
    signal = torch.randn(1, 1, *chart.shape)
    moved = [s.on_signal(signal) for s in symmetries]
    assert torch.equal(moved[0], torch.rot90(signal, -1, (2, 3)))
    assert torch.equal(moved[3], signal.flip(3))  # x to -x
    assert torch.equal(moved[5], signal.flip(2))
    distinct = {tuple(m.flatten().tolist()) for m in [*moved, signal]}
    assert len(distinct) == 8


@pytest.mark.parametrize("domain", [LatLonGrid(4), planar_chart("equirectangular", 8)], ids=str)
def test_the_generators_of_a_grid_move_its_points(domain):
    names = {s.name for s in domain.symmetries()}
    assert names == {"one step about z", "half turn about x", "reflection of x"}
    signal = torch.randn(1, 1, *domain.shape)
    assert all(not torch.equal(s.on_signal(signal), signal) for s in domain.symmetries())


def test_rotations_and_reflections_are_told_apart():
    with pytest.raises(ValueError, match="expected a rotation, determinant 1, for flip"):
        Rotation("flip", reflection_of_x(), PlaneChart(4))
    with pytest.raises(ValueError, match="expected a reflection, determinant -1, for turn"):
        Reflection("turn", step_about_z(4), PlaneChart(4))


def test_poses_are_turns_in_the_plane_alone():
    chart, generator = PlaneChart(4), torch.Generator().manual_seed(0)
    poses = chart.sample_poses(500, PoseDistribution.z, generator)
    assert torch.equal(poses[:, 2], torch.tensor([0.0, 0.0, 1.0]).expand(500, 3))
    assert poses[:, 0, 0].mean().abs() < 0.1
    with pytest.raises(UserError, match="none or z on .*plane.*got so3"):
        chart.sample_poses(1, PoseDistribution.so3, generator)


def test_poses_by_angle_are_about_z_from_x_towards_y():
    quarter = torch.tensor([math.pi / 2])
    for domain in (PlaneChart(6), AzimuthalChart(6), LatLonGrid(4), Icosphere(1)):
        (pose,) = domain.turned_poses(quarter)
        torch.testing.assert_close(pose @ torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1, 0]))


def test_a_network_on_the_plane_is_tested_turned_in_it():
    config = load_config("p4_25k", overrides=[*PLANE, "data.train_size=20", "data.test_size=30"])
    data = build_datamodule(config)
    assert set(data.test_sets) == {"unrotated", "rotated"}
    poses = data.test_sets["rotated"].draw(0)
    assert torch.equal(poses[:, 2, 2], torch.ones(30))
    assert poses[:, 0, 0].std() > 0.3


def test_p4_is_invariant_to_quarter_turns_of_the_picture(pictures):
    network = randomise(build_model(load_config("p4_25k", overrides=PLANE)))
    pictures = pictures * torch.tensor([0.1, 0.5, 1.0])[:, None, None, None]
    logits = torch.cat([network(rendered(28, 90 * k, pictures)) for k in range(4)])
    first = logits[:3].repeat(4, 1)
    apart = (logits[0] - logits[1]).abs().max()
    assert (logits - first).abs().max() < 1e-2 * apart  # rounding of what is rendered


def test_a_plane_is_drawn_as_it_is_and_from_one_side():
    chart = PlaneChart(3)
    signal = np.zeros(9)
    (view,) = views(chart, front(chart, signal)).values()
    corners = view.point[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.tolist() == [0, 2, 6, 8]
    np.testing.assert_array_equal(np.unique(view.point), np.arange(9))
    painted = view.paint(np.linspace(0, 1, 9)[:, None].repeat(3, axis=1))
    assert painted[0, 0, 0] == 0
    assert painted[-1, -1, 0] == 1
