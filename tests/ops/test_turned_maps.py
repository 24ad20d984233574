from __future__ import annotations

import math

import pytest
import torch

from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.surfaces.chart import EquirectangularChart
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import points_from_angles
from gaugecnn.surfaces.symmetry import Rotation, half_turn_about_x, step_about_z


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


def test_only_what_moves_columns_onto_columns_acts_on_maps_of_another_size():
    step = Rotation("step", step_about_z(8), EquirectangularChart(8))
    x = torch.randn(1, 1, 8, 8)
    assert torch.equal(PlaneType(1, 8, 8).transform(step, x), x.roll(1, dims=3))
    with pytest.raises(ValueError, match="whole columns of 5, about z .*, got step"):
        PlaneType(1, 5, 5).transform(step, x[..., :5, :5])
