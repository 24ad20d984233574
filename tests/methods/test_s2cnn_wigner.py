"""Wigner's small d: known values, e3nn, orthogonality, and large degrees."""

from __future__ import annotations

import math

import pytest
import torch

from gaugecnn.methods.s2cnn.along_gamma import Samples
from gaugecnn.methods.s2cnn.reference import wigner_sum
from gaugecnn.methods.s2cnn.spectral import wigner
from gaugecnn.methods.s2cnn.spectral.fourier_grid import FourierGrid
from gaugecnn.methods.s2cnn.spectral.real_basis import signed
from gaugecnn.methods.s2cnn.spectral.wigner import small_d
from gaugecnn.surfaces.lat_lon import quadrature_weights, soft_colatitudes
from gaugecnn.surfaces.rotations import wigner_d

BETAS = (0.0, 0.3, 1.2, 2.9, math.pi)


def all_orders(cutoff: int, betas: tuple[float, ...]) -> torch.Tensor:
    orders = range(-(cutoff - 1), cutoff)
    return small_d(cutoff, orders, orders, betas)


def of_degree(table: torch.Tensor, degree: int) -> torch.Tensor:
    """``(beta, m, n)`` of one degree, without the padding."""
    centre = table.shape[1] // 2
    inside = slice(centre - degree, centre + degree + 1)
    return table[degree, inside, inside].permute(2, 0, 1)


def test_known_values() -> None:
    beta = 0.7
    d = of_degree(all_orders(3, (beta,)), 1)[0]
    c, s = math.cos(beta), math.sin(beta)
    r = math.sqrt(2)
    expected = [
        [(1 + c) / 2, s / r, (1 - c) / 2],
        [-s / r, c, s / r],
        [(1 - c) / 2, -s / r, (1 + c) / 2],
    ]
    torch.testing.assert_close(d, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("degree", [0, 1, 2, 5, 11])
def test_it_is_that_of_wigners_sum_and_of_e3nn(degree: int) -> None:
    table = of_degree(all_orders(12, BETAS), degree)
    for d, beta in zip(table, BETAS, strict=True):
        assert (d - wigner_sum(degree, beta)).abs().max() < 1e-11
        assert (d - wigner_d(degree, beta)).abs().max() < 2e-6


@pytest.mark.parametrize("degree", [3, 20, 52])
def test_each_degree_is_an_orthogonal_matrix(degree: int) -> None:
    for d in of_degree(all_orders(53, BETAS), degree):
        assert (d @ d.T - torch.eye(2 * degree + 1)).abs().max() < 1e-11


def test_degree_fifty_composes() -> None:
    first, second, both = of_degree(all_orders(51, (0.4, 0.9, 1.3)), 50)
    assert (first @ second - both).abs().max() < 1e-11


@pytest.mark.parametrize(("m", "n"), [(0, 0), (3, -2), (57, 120), (190, -190), (199, 3)])
def test_two_hundred_degrees_are_orthogonal(m: int, n: int) -> None:
    """``integral of d^l_mn d^k_mn sin(beta) = 2 delta_lk / (2l + 1)``, exact on the grid."""
    bandwidth = 201
    betas = tuple(soft_colatitudes(bandwidth).tolist())
    d = small_d(bandwidth, range(m, m + 1), range(n, n + 1), betas)[:, 0, 0]  # (degree, beta)
    weights = 2 * bandwidth * quadrature_weights(bandwidth)  # they sum to 1
    degree = torch.arange(bandwidth)
    gram = (2 * degree[:, None] + 1) * (d * weights) @ d.T
    expected = torch.diag((degree >= max(abs(m), abs(n))).double())
    assert (gram - expected).abs().max() < 1e-10


def test_the_parity_in_beta_fills_negative_orders() -> None:
    grid = FourierGrid(5, 4, 6, Samples(12))
    betas = tuple(soft_colatitudes(6).tolist())
    whole = small_d(5, range(5), range(-4, 5), betas)[:, :, [4 + n for n in signed(4)]]
    torch.testing.assert_close(grid.small_d(), whole, atol=1e-14, rtol=0)


def test_large_tables_are_kept_on_disk(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GAUGECNN_CACHE", str(tmp_path))
    betas = tuple(soft_colatitudes(32).tolist())
    small_d.cache_clear()
    built = small_d(32, range(32), range(3), betas)
    assert len(list(tmp_path.rglob("*.table"))) == 0  # small: no file
    built = small_d(32, range(32), range(5), betas)
    (file,) = tmp_path.rglob("*.table")
    assert file.stat().st_size < 0.6 * 8 * built.numel()  # without the zeros
    small_d.cache_clear()
    monkeypatch.setattr(wigner, "_recursion", None)  # it cannot be computed again
    assert torch.equal(small_d(32, range(32), range(5), betas), built)


def test_ranges_of_orders_are_cut_out_of_the_whole() -> None:
    whole = all_orders(6, BETAS)
    part = small_d(6, range(6), range(-2, 3), BETAS)
    torch.testing.assert_close(part, whole[:, 5:, 3:8], atol=0, rtol=0)


def test_orders_beyond_the_degree_are_zero() -> None:
    table = all_orders(5, BETAS)
    assert table[2, 0].abs().max() == 0  # m = -4 in degree 2
    assert table[2, :, -1].abs().max() == 0


def test_it_is_computed_once() -> None:
    assert all_orders(4, BETAS) is all_orders(4, BETAS)
