from __future__ import annotations

import math

import pytest
import torch

from gaugecnn.errors import UserError
from gaugecnn.surfaces.chart import (
    AzimuthalChart,
    ChartKind,
    EquirectangularChart,
    planar_chart,
)
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import rotation_about_z
from gaugecnn.surfaces.symmetry import Rotation, half_turn_about_x, step_about_z, tilt

QUARTER = step_about_z(4)
IDENTITY = torch.eye(3)[None]
CHARTS = [EquirectangularChart(12), AzimuthalChart(12), AzimuthalChart(13)]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_areas_sum_to_that_of_the_sphere_and_points_have_length_one(chart):
    inside = chart.areas > 0
    assert chart.areas.sum() == pytest.approx(4 * math.pi)
    torch.testing.assert_close(
        chart.points[inside].norm(dim=-1), torch.ones(int(inside.sum())).double()
    )


def test_equirectangular_chart_is_the_lat_lon_grid():
    chart, grid = EquirectangularChart(10), LatLonGrid(bandwidth=5)
    torch.testing.assert_close(chart.points, grid.points)
    torch.testing.assert_close(chart.areas, grid.areas)
    assert chart.shape == grid.shape == (10, 10)
    assert chart.title == "chart(equirectangular, size=10)"


def test_equirectangular_rows_are_colatitudes_and_columns_azimuths():
    points = EquirectangularChart(8).points.unflatten(0, (8, 8))
    beta, alpha = math.pi * (2 * 1 + 1) / 16, 2 * math.pi * 3 / 8
    expected = [
        math.sin(beta) * math.cos(alpha),
        math.sin(beta) * math.sin(alpha),
        math.cos(beta),
    ]
    torch.testing.assert_close(points[1, 3], torch.tensor(expected).double())


def test_azimuthal_chart_is_true_to_distance_from_the_south_pole():
    chart = AzimuthalChart(5)
    points = chart.points.unflatten(0, (5, 5))
    angle = 2 * math.pi / 5  # one pixel
    torch.testing.assert_close(points[2, 2], torch.tensor([0.0, 0.0, -1.0]).double())
    right = torch.tensor([math.sin(angle), 0.0, -math.cos(angle)]).double()
    down = torch.tensor([0.0, math.sin(angle), -math.cos(angle)]).double()
    torch.testing.assert_close(points[2, 3], right)  # columns along +x
    torch.testing.assert_close(points[3, 2], down)  # rows, downwards, along +y
    areas = chart.areas.unflatten(0, (5, 5))
    assert float(areas[2, 3] / areas[2, 2]) == pytest.approx(math.sin(angle) / angle)
    assert chart.title == "chart(azimuthal, size=5)"


def test_pixels_beyond_the_north_pole_are_outside_the_sphere():
    chart = AzimuthalChart(10)
    outside = chart.areas.unflatten(0, chart.shape) == 0
    assert outside[0, 0]
    assert not outside[0, 5]
    assert torch.equal(chart.points.isnan().all(-1), outside.flatten())
    assert torch.equal(chart.points.isnan().any(-1), outside.flatten())
    assert chart.image_coordinates(IDENTITY)[0][outside].isnan().all()
    # A quarter of a circle in each corner: 1 - pi / 4 of the square.
    assert float((AzimuthalChart(200).areas == 0).double().mean()) == pytest.approx(
        1 - math.pi / 4, abs=2e-3
    )


def test_azimuthal_areas_integrate_smooth_functions():
    chart = AzimuthalChart(64)
    points, areas = chart.points.nan_to_num(), chart.areas
    mean = (areas[:, None] * points).sum(0) / (4 * math.pi)
    square = (areas * points[:, 2] ** 2).sum() / (4 * math.pi)
    torch.testing.assert_close(mean, torch.zeros(3).double(), atol=2e-3, rtol=0)
    assert float(square) == pytest.approx(1 / 3, abs=2e-3)


@pytest.mark.parametrize("size", [8, 9])
def test_a_quarter_turn_about_z_turns_the_azimuthal_picture(size):
    """+x goes to +y: what is at the right goes to the bottom, which is `rot90` by -1."""
    chart = AzimuthalChart(size)
    pose = QUARTER.float()[None]
    upright, turned = chart.image_coordinates(IDENTITY)[0], chart.image_coordinates(pose)[0]
    torch.testing.assert_close(
        turned, torch.rot90(upright, -1, (0, 1)), equal_nan=True, atol=1e-5, rtol=0
    )
    signal = torch.randn(2, 3, size, size)  # corners included
    moved = Rotation("quarter turn", QUARTER, chart).on_signal(signal)
    assert torch.equal(moved, torch.rot90(signal, -1, (2, 3)))


def test_a_step_about_z_shifts_the_columns_of_the_equirectangular_picture():
    chart = EquirectangularChart(12)
    signal = torch.randn(2, 1, 12, 12)
    moved = Rotation("step", step_about_z(12), chart).on_signal(signal)
    assert torch.equal(moved, signal.roll(1, dims=3))
    pose = step_about_z(12).float()[None]
    torch.testing.assert_close(
        chart.image_coordinates(pose)[0],
        chart.image_coordinates(IDENTITY)[0].roll(1, dims=1),
        equal_nan=True, atol=1e-5, rtol=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "rotation", [half_turn_about_x(), tilt(0.3), rotation_about_z(torch.tensor(0.1))]
)
def test_other_rotations_do_not_permute_the_azimuthal_chart(rotation):
    with pytest.raises(ValueError, match=r"permutes the points of chart\(azimuthal, size=8\)"):
        AzimuthalChart(8).permutation(rotation)


def test_planar_chart_chooses_by_kind_and_refuses_what_it_cannot_make():
    assert isinstance(planar_chart(ChartKind.azimuthal, 9), AzimuthalChart)
    assert isinstance(planar_chart("equirectangular", 10), EquirectangularChart)
    with pytest.raises(
        UserError, match=r"one of equirectangular, azimuthal, plane, got 'mercator'"
    ):
        planar_chart("mercator", 10)
    with pytest.raises(UserError, match=r"even domain\.size >= 2 .* got 9"):
        EquirectangularChart(9)
    with pytest.raises(UserError, match=r"domain\.size >= 2 .* got 1"):
        AzimuthalChart(1)
