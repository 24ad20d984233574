from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from gaugecnn.errors import UserError
from gaugecnn.ops.planar import (
    PlanarStage,
    Window,
    pooling_window,
)
from gaugecnn.ops.plane_type import PlaneType, quarter_turns
from gaugecnn.surfaces.chart import AzimuthalChart, EquirectangularChart
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import points_from_angles
from gaugecnn.surfaces.symmetry import (
    FrameChange,
    Rotation,
    half_turn_about_x,
    step_about_z,
)

WINDOWS = [Window(3), Window(3, 2), Window(4, 2, 1), Window(5, 3, 2), Window(2, 2)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("size", [7, 8, 9, 10])
def test_sizes_are_those_of_torch(window, size):
    x, w = torch.zeros(1, 1, size, size), torch.zeros(1, 1, window.kernel, window.kernel)
    y = F.conv2d(x, w, stride=window.stride, padding=window.padding)
    assert window.output_size(size) == y.shape[-1]
    z = F.conv_transpose2d(x, w, stride=window.stride, padding=window.padding)
    assert window.transposed_size(size) == z.shape[-1]
    unread = size - window.transposed_size(y.shape[-1])
    assert window.transposed_size(y.shape[-1], output_padding=unread) == size
    assert window.is_exact(size) == (unread == 0)


def test_nearest_exact_sizes_are_exact_and_nothing_lies_between():
    assert Window(2, 2).nearest_exact_sizes(27) == (26, 28)
    assert Window(2, 2).nearest_exact_sizes(28) == (28,)
    assert Window(3, 2).nearest_exact_sizes(4) == (3, 5)
    assert Window(3, 3, padding=1).nearest_exact_sizes(9) == (7, 10)
    assert Window(3, 4).nearest_exact_sizes(5) == (3, 7)


def test_a_plane_smaller_than_the_window_is_refused():
    with pytest.raises(UserError, match=r"at least 5 pixels for kernel 7.*padding 1, got 4"):
        Window(7, padding=1).output_size(4)
    with pytest.raises(UserError, match="plane with pixels"):
        Window(1, padding=2).transposed_size(2)


@pytest.mark.parametrize(("size_in", "size_out"), [(28, 14), (10, 8), (9, 4), (7, 7), (92, 44)])
def test_pooling_window_maps_the_sizes_and_is_exact(size_in, size_out):
    window = pooling_window(size_in, size_out)
    assert window.output_size(size_in) == size_out
    assert window.is_exact(size_in)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": 0}, "kernel >= 1"),
        ({"stride": 0}, "stride >= 1"),
        ({"pool": 0}, "pool >= 1"),
        ({"padding": -1}, "padding >= 0"),
        ({"dropout": 1.0}, "dropout < 1"),
        ({"pool": 2, "up": True}, "either pools or goes up"),
    ],
)
def test_stage_options_are_checked(options, message):
    with pytest.raises(UserError, match=message):
        PlanarStage(channels=4, **options)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_planes_of_any_size_turn_as_the_signal_does(turns):
    chart = AzimuthalChart(8)
    matrix = torch.linalg.matrix_power(step_about_z(4), turns)
    rotation = Rotation("turn", matrix, chart)
    signal = torch.randn(2, 3, 8, 8)
    moved = PlaneType(3, 8, 8).transform(rotation, signal)
    assert torch.equal(moved, rotation.on_signal(signal))
    assert torch.equal(moved, torch.rot90(signal, quarter_turns(rotation), (2, 3)))
    smaller = torch.randn(2, 3, 5, 5)
    expected = torch.rot90(smaller, -turns, (2, 3))
    assert torch.equal(PlaneType(3, 5, 5).transform(rotation, smaller), expected)


def test_maps_of_another_size_turn_as_the_signal_does():
    """On the points that a coarser grid shares with a finer one of the same rows."""
    steps = [step_about_z(8), step_about_z(4).T, half_turn_about_x()]
    grid = LatLonGrid(8)
    beta = torch.linspace(0.1, math.pi - 0.1, 5, dtype=torch.float64)  # as far north as south
    alpha = 2 * math.pi / 8 * torch.arange(8, dtype=torch.float64)
    points = points_from_angles(*torch.meshgrid(beta, alpha, indexing="ij"))  # (5, 8, xyz)
    coefficients = torch.randn(3, 3, dtype=torch.float64)

    def function(at):
        return torch.einsum("...x,xy,...y->...", at, coefficients, at)[None, None] + at[..., 0]

    for matrix in (*steps, steps[0] @ steps[2], steps[2] @ steps[1]):
        turned = function(points @ matrix)  # f(R^-1 x)
        moved = PlaneType(1, 5, 8).transform(Rotation("turn", matrix, grid), function(points))
        torch.testing.assert_close(moved, turned)
        assert (turned - function(points)).abs().max() > 0.1


def test_only_what_moves_columns_onto_columns_acts_on_planes_of_another_size():
    step = Rotation("step", step_about_z(8), EquirectangularChart(8))
    x = torch.randn(1, 1, 8, 8)
    assert torch.equal(PlaneType(1, 8, 8).transform(step, x), x.roll(1, dims=3))
    with pytest.raises(ValueError, match="whole columns of 5, about z .*, got step"):
        PlaneType(1, 5, 5).transform(step, x[..., :5, :5])
    with pytest.raises(ValueError, match="got change of frames"):
        PlaneType(1, 5, 5).transform(FrameChange(torch.zeros(3)), x[..., :5, :5])
    quarter = Rotation("turn", step_about_z(4), AzimuthalChart(8))
    with pytest.raises(ValueError, match="square planes"):
        PlaneType(1, 5, 6).transform(quarter, torch.randn(1, 1, 5, 6))


def test_plane_type_prints_itself_and_compares_by_value():
    assert str(PlaneType(3, 5, 6)) == "3 planes 5x6"
    assert PlaneType(3, 5, 6) == PlaneType(3, 5, 6)
    assert PlaneType(3, 5, 6).grid == PlaneType(4, 5, 6).grid
