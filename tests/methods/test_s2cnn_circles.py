"""Waves along alpha and gamma in one group and in two: the same numbers, and exact adjoints."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gaugecnn.methods.s2cnn import SO3Type, SpectralTransform
from gaugecnn.methods.s2cnn.spectral import circles
from gaugecnn.methods.s2cnn.spectral.circles import (
    AlphaTable,
    GammaTable,
    along,
    along_adjoint,
    groups_of,
    orders,
    waves,
)

GROUPS = [(1, 1), (2, 1), (1, 2), (2, 2)]
SIZES = [(1, 0), (2, 1), (3, 1), (4, 2), (5, 3), (6, 5)]
"""Cut-offs, and largest orders along gamma."""


def _inner(x: Tensor, y: Tensor) -> float:
    return float((x * y).sum())


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize(("cutoff", "top"), SIZES)
def test_complex_orders_are_those_of_a_fourier_sum(
    cutoff: int, top: int, groups: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    points = 12
    x = torch.randn(points, points, 3).double()  # (alpha, gamma, ...)
    of_gamma = along(GammaTable(top, points, groups[1]).build(), x)
    of_both = along(AlphaTable(cutoff, points, groups[0]).build(), of_gamma.flatten(1)[None])[0]
    shape = groups[0], -1, 2, *of_gamma.shape[1:]
    found = orders(cutoff, 2 * top + 1, of_both.view(shape))
    angles = 2 * math.pi * torch.arange(points).double() / points
    n = torch.tensor([0, *(sign * k for k in range(1, top + 1) for sign in (1, -1))])
    at_alpha = torch.exp(-1j * torch.outer(torch.arange(cutoff).double(), angles))
    at_gamma = torch.exp(-1j * torch.outer(n.double(), angles))
    expected = torch.einsum("ma,ng,agx->mnx", at_alpha, at_gamma, x.to(torch.complex128))
    torch.testing.assert_close(torch.view_as_complex(found.mT.contiguous()), expected)


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize(("cutoff", "top"), SIZES)
def test_waves_are_the_adjoint_of_orders(cutoff: int, top: int, groups: tuple[int, int]) -> None:
    torch.manual_seed(0)
    y = torch.randn(cutoff, 2 * top + 1, 2, 3).double()
    back = waves(groups, y)
    x = torch.randn_like(back)
    there = orders(cutoff, 2 * top + 1, x)
    assert _inner(there, y) == pytest.approx(_inner(x, back))
    again = orders(cutoff, 2 * top + 1, back)
    torch.testing.assert_close(again[:, 1:], 2 * y[:, 1:])
    torch.testing.assert_close(again[:, 0], y[:, 0])


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("top", [0, 1, 2, 5])
def test_the_way_back_from_waves_is_the_adjoint(top: int, groups: int) -> None:
    torch.manual_seed(0)
    table = GammaTable(top, 12, groups).build()
    x = torch.randn(4, 12, 3).double()
    there = along(table, x)
    y = torch.randn_like(there)
    assert _inner(there, y) == pytest.approx(_inner(x, along_adjoint(table, y)))


def test_two_groups_are_for_many_points_of_an_even_number() -> None:
    at = circles.TWO_GROUPS_FROM
    assert [groups_of(points) for points in (1, at - 1, at, at + 1, at + 2)] == [1, 1, 2, 1, 2]


@pytest.mark.parametrize("max_order", [None, 2, 0])
@pytest.mark.parametrize("cutoff", [4, 5])
def test_a_transform_in_two_groups_is_that_in_one(
    cutoff: int, max_order: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values, and derivatives of derivatives."""
    torch.manual_seed(0)
    type_ = SO3Type(2, cutoff, cutoff, max_order)
    x = torch.randn(3, *type_.shape, dtype=torch.float64)
    found = []
    for at in (1000, 2):
        monkeypatch.setattr(circles, "TWO_GROUPS_FROM", at)
        transform = SpectralTransform(type_).double()
        y = x.clone().requires_grad_()
        spectrum = transform(y)
        again = transform.inverse([part**2 for part in spectrum])
        (slope,) = torch.autograd.grad(again.square().sum(), y, create_graph=True)
        (curve,) = torch.autograd.grad(slope.square().sum(), y)
        found.append([*spectrum, again, slope, curve])
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two)
