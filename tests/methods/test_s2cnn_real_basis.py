"""The real basis of Wigner's functions against complex ones, and its way through a transform."""

from __future__ import annotations

import pytest
import torch

from gaugecnn.methods.s2cnn import SO3Type, SpectralTransform
from gaugecnn.methods.s2cnn.reference import wigner_matrix
from gaugecnn.methods.s2cnn.spectral.pieces import to_parts, to_rings
from gaugecnn.methods.s2cnn.spectral.real_basis import (
    phases,
    real_functions,
    real_waves,
    signed,
    unitary,
)
from gaugecnn.methods.s2cnn.spectral.shells import Shells, blocks_of, shells_of
from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, degrees_of, parts_of
from gaugecnn.methods.s2cnn.spectral.wigner import small_d

ALPHA, BETA, GAMMA = 0.7, 1.1, -2.3


@pytest.mark.parametrize("degree", range(6))
def test_unitary_makes_rotations_real(degree: int) -> None:
    u = unitary(degree)
    torch.testing.assert_close(u @ u.mH, torch.eye(2 * degree + 1, dtype=u.dtype))
    turned = u @ wigner_matrix(degree, ALPHA, BETA, GAMMA) @ u.mH
    assert turned.imag.abs().max() < 1e-12
    torch.testing.assert_close(turned.real @ turned.real.T, torch.eye(2 * degree + 1).double())


def test_real_functions_are_those_of_the_basis() -> None:
    cutoff, top_n, top_k = 6, 5, 3
    table = real_functions(small_d(cutoff, range(top_n + 1), range(-top_k, top_k + 1), (BETA,)))
    waves = real_waves(top_n, top_k, *(torch.tensor([a]).double() for a in (ALPHA, GAMMA)))
    found = torch.einsum("nklwb,nkwp->lnk", table, waves)
    for degree in range(cutoff):
        u = unitary(degree)
        real = (u @ wigner_matrix(degree, ALPHA, BETA, GAMMA) @ u.mH).real
        columns = min(2 * degree, 2 * top_k) + 1
        torch.testing.assert_close(found[degree, : 2 * degree + 1, :columns], real[:, :columns])
        assert not found[degree, 2 * degree + 1 :].any()


@pytest.mark.parametrize("max_order", [0, 2, None])
def test_phases_lead_from_complex_to_real_orders(max_order: int | None) -> None:
    """The orders that a transform sums, added and subtracted as its text says, are U x U^*."""
    torch.manual_seed(0)
    type_ = SO3Type(1, 5, 5, max_order)
    transform = SpectralTransform(type_).double()
    x = torch.randn(1, *type_.shape, dtype=torch.float64)
    real, spectrum = degrees_of(transform.analysis(x)), transform(x)
    factor = phases(5, type_.order)
    for degree in range(1, 5):
        z, r = spectrum[degree][0, 0], real[degree][0, 0]
        top = min(degree, type_.order)
        for m in range(1, degree + 1):
            for n in range(1, top + 1):
                column = signed(type_.order).index(n)
                p = factor[m, column] * z[degree + m, top + n]
                q = factor[m, column + 1] * z[degree + m, top - n]
                block = r[2 * m - 1 : 2 * m + 1, 2 * n - 1 : 2 * n + 1]
                sums = [[p.real + q.real, q.imag - p.imag], [p.imag + q.imag, p.real - q.real]]
                torch.testing.assert_close(block, torch.tensor(sums).double())


@pytest.mark.parametrize(("cutoff", "orders"), [(1, 1), (7, 1), (9, 5), (10, 19)])
def test_rings_to_parts_and_back_are_adjoint(cutoff: int, orders: int) -> None:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    blocks, batch, channels, beta = Blocks(cutoff), 3, 2, 4
    table = random(cutoff * orders, cutoff, beta)
    x = random(cutoff * orders, 2 * batch * channels, beta)
    there = to_parts(blocks, table, (batch, channels), x)
    parts = [random(*part.shape) for part in there]
    back = to_rings(blocks, table, *parts)
    left = sum((a * b).sum() for a, b in zip(there, parts, strict=True))
    torch.testing.assert_close(left, (x * back).sum())


@pytest.mark.parametrize(("cutoff", "order_in", "order_out"), [(1, 0, 0), (9, 8, 8), (9, 2, 5)])
def test_shells_hold_each_pair_once(cutoff: int, order_in: int, order_out: int) -> None:
    shells = Shells(cutoff, order_in, order_out)
    n, k = torch.arange(2 * order_out + 1), torch.arange(2 * order_in + 1)
    pairs = torch.stack(torch.meshgrid(n, k, indexing="ij"), -1)
    ordered = shells.sorted(pairs)
    assert len(ordered) == len(n) * len(k) == len({tuple(pair) for pair in ordered.tolist()})
    first = torch.maximum((ordered[:, 0] + 1) // 2, (ordered[:, 1] + 1) // 2)
    for shell, degrees in zip(first.split(shells.sizes), shells.degrees, strict=True):
        assert all(int(degree) in degrees for degree in shell)
    found = [
        torch.randn(size, cutoff - degrees.start, 2, 3)
        for size, degrees in zip(shells.sizes, shells.degrees, strict=True)
    ]
    back = shells_of(shells, *blocks_of(shells, *found))
    for a, b in zip(found, back, strict=True):
        torch.testing.assert_close(a, b)


def test_parts_and_degrees_are_the_same_spectrum() -> None:
    degrees = [torch.randn(2, 3, 2 * d + 1, 2 * min(d, 4) + 1) for d in range(11)]
    for a, b in zip(degrees_of(parts_of(degrees)), degrees, strict=True):
        torch.testing.assert_close(a, b)
