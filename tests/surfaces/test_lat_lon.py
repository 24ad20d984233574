"""The SOFT grid: known values, areas, and a quadrature that is exact below its bandwidth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import lpmv

from gaugecnn.errors import UserError
from gaugecnn.surfaces.lat_lon import LatLonGrid, quadrature_weights, soft_colatitudes
from gaugecnn.surfaces.symmetry import Rotation, half_turn_about_x, step_about_z, tilt


def normalised_harmonics(bandwidth: int) -> torch.Tensor:
    """Complex harmonics of degrees < b with mean square 1, ``(harmonic, beta, alpha)``."""
    beta = soft_colatitudes(bandwidth).numpy()
    alpha = 2 * math.pi * np.arange(2 * bandwidth) / (2 * bandwidth)
    values = []
    for degree in range(bandwidth):
        for m in range(-degree, degree + 1):
            k = abs(m)
            ratio = math.factorial(degree - k) / math.factorial(degree + k)
            legendre = math.sqrt((2 * degree + 1) * ratio) * lpmv(k, degree, np.cos(beta))
            values.append(legendre[:, None] * np.exp(1j * m * alpha))
    return torch.from_numpy(np.stack(values))


@pytest.mark.parametrize("bandwidth", [1, 2, 5, 8])
def test_harmonics_below_the_bandwidth_are_orthonormal(bandwidth: int) -> None:
    y = normalised_harmonics(bandwidth)
    weights = quadrature_weights(bandwidth).to(y)
    gram = torch.einsum("pja,j,qja->pq", y, weights, y.conj())
    assert (gram - torch.eye(len(y))).abs().max() < 1e-12


def test_a_degree_at_twice_the_bandwidth_is_beyond_the_quadrature() -> None:
    b = 4
    legendre = torch.special.legendre_polynomial_p(torch.cos(soft_colatitudes(b)), 2 * b)
    assert (2 * b * quadrature_weights(b) * legendre).sum().abs() > 1e-3


@pytest.mark.parametrize("bandwidth", [1, 3, 16, 50])
def test_weights_sum_to_one_and_areas_to_the_sphere(bandwidth: int) -> None:
    assert quadrature_weights(bandwidth).dtype == torch.float64
    assert 2 * bandwidth * quadrature_weights(bandwidth).sum() == pytest.approx(1, abs=1e-13)
    grid = LatLonGrid(bandwidth=bandwidth)
    assert grid.areas.sum() == pytest.approx(4 * math.pi, abs=1e-11)
    assert (grid.areas > 0).all()


def test_known_values() -> None:
    grid = LatLonGrid(bandwidth=2)
    assert grid.title == "lat_lon(bandwidth=2)"
    assert grid.shape == (4, 4)
    expected = torch.tensor([1, 3, 5, 7], dtype=torch.float64) * math.pi / 8
    torch.testing.assert_close(soft_colatitudes(2), expected)
    # bandwidth 1: two rings at 45 degrees from the poles, of equal weight, two points each
    torch.testing.assert_close(quadrature_weights(1), torch.full((2,), 0.25).double())
    points = grid.points.unflatten(0, grid.shape)  # (beta, alpha, xyz)
    first = torch.tensor([math.sin(math.pi / 8), 0, math.cos(math.pi / 8)]).double()
    torch.testing.assert_close(points[0, 0], first, atol=1e-7, rtol=0)
    assert points[0, 1, 1] == pytest.approx(math.sin(math.pi / 8))  # alpha = 90 degrees is +y


def test_its_rotations_are_steps_about_z_and_half_turns() -> None:
    grid = LatLonGrid(bandwidth=3)
    signal = torch.randn(1, 1, 6, 6)
    step = Rotation("step", step_about_z(6), grid)
    torch.testing.assert_close(step.on_signal(signal), signal.roll(1, dims=3))
    Rotation("half turn", half_turn_about_x(), grid)
    with pytest.raises(ValueError, match="permutes the points of lat_lon"):
        Rotation("tilt", tilt(0.3), grid)


@pytest.mark.parametrize("bandwidth", [0, -2, 2.5, True])
def test_a_bandwidth_that_is_no_positive_integer_is_refused(bandwidth: object) -> None:
    with pytest.raises(UserError, match=r"expected an integer bandwidth >= 1.*got"):
        LatLonGrid(bandwidth=bandwidth)  # type: ignore[arg-type]
