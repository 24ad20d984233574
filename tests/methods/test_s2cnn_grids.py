"""Kernel grids: the points of the published code, bands about the equator, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gaugecnn.methods.s2cnn import (
    s2_equatorial_grid,
    s2_near_identity_grid,
    so3_equatorial_grid,
    so3_near_identity_grid,
)


def test_near_identity_on_the_sphere_has_beta_slowest() -> None:
    grid = s2_near_identity_grid(max_beta=0.6, n_alpha=4, n_beta=3)
    assert grid.dtype == np.float64
    assert grid.shape == (12, 2)
    np.testing.assert_allclose(grid[:4, 0], 0.2)
    np.testing.assert_allclose(grid[-4:, 0], 0.6)
    np.testing.assert_allclose(grid[:4, 1], [0, math.pi / 2, math.pi, 3 * math.pi / 2])


def test_near_identity_on_so3_turns_gamma_against_alpha() -> None:
    grid = so3_near_identity_grid(max_beta=0.6, n_alpha=4, n_beta=3, n_gamma=5)
    assert grid.dtype == np.float64
    assert grid.shape == (60, 3)
    delta = grid[:, 2] + grid[:, 1]
    np.testing.assert_allclose(delta[:5], [-2 * math.pi, -math.pi, 0, math.pi, 2 * math.pi])
    np.testing.assert_allclose(grid[5:10, 1], math.pi / 2)
    np.testing.assert_allclose(grid[:20, 0], 0.2)


def test_n_gamma_is_n_alpha_unless_given() -> None:
    assert so3_near_identity_grid(0.4, 8, 3).shape == (192, 3)
    assert so3_equatorial_grid(0.4, 6, 2).shape == (72, 3)


def test_a_band_lies_about_the_equator() -> None:
    ring = s2_equatorial_grid(max_beta=0.2, n_alpha=6, n_beta=1)
    np.testing.assert_allclose(ring[:, 0], math.pi / 2)
    band = s2_equatorial_grid(max_beta=0.2, n_alpha=6, n_beta=3)
    np.testing.assert_allclose(np.unique(band[:, 0]), math.pi / 2 + np.array([-0.2, 0, 0.2]))
    turns = so3_equatorial_grid(max_beta=0.2, n_alpha=2, n_beta=1, n_gamma=4)
    np.testing.assert_allclose(turns[:4, 2], [0, math.pi / 2, math.pi, 3 * math.pi / 2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: s2_near_identity_grid(0.0, 8, 3), r"expected max_beta in \(0, 3.1416\].*got 0.0"),
        (lambda: so3_near_identity_grid(4.0, 8, 3), "expected max_beta"),
        (lambda: s2_equatorial_grid(1.6, 8, 3), r"expected max_beta in \(0, 1.5708\]"),
        (lambda: s2_near_identity_grid(0.4, 0, 3), "expected n_alpha >= 1"),
        (lambda: so3_near_identity_grid(0.4, 8, 0), "expected n_beta >= 1"),
        (lambda: so3_equatorial_grid(0.4, 8, 3, 0), "expected n_gamma >= 1"),
    ],
)
def test_angles_and_counts_out_of_range_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
