"""Waves along the two circles of a grid, alpha and gamma, and the complex orders of both.

Half a turn leaves waves of even order as they are and turns the sign of the odd ones. On a circle
of many points, even orders are therefore found from the sums of opposite points and odd orders from
the differences, with half of the multiplications. Its waves then are in two groups, those of even
orders and those of odd ones, of equally many rows, zeros where one has fewer; on any other circle
they are in one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.spectral.pieces import add
from gaugecnn.methods.s2cnn.spectral.tables import Table
from gaugecnn.ops.adjoint import linear
from gaugecnn.ops.products import circle_waves

TWO_GROUPS_FROM = 48
"""Points of a circle from which on sums and differences take less time than they save."""


def groups_of(points: int) -> int:
    """In how many groups the waves of a circle are."""
    return 2 if points >= TWO_GROUPS_FROM and points % 2 == 0 else 1


@dataclass(frozen=True)
class AlphaTable(Table):
    """``e^{-i m alpha}`` as ``(group, m re/im, alpha)``, of the first half turn if there are two.

    Args:
        cutoff: number of orders m = 0, 1, ..
        points: values of alpha.
        groups: of m.
    """

    cutoff: int
    points: int
    groups: int

    def build(self) -> Tensor:
        angles = 2 * math.pi * torch.arange(self.points // self.groups).double() / self.points
        phase = torch.outer(torch.arange(self.cutoff).double(), angles)
        waves = torch.stack([phase.cos(), -phase.sin()], dim=1)  # (m, re/im, alpha)
        table = waves.new_zeros(self.groups, -(-self.cutoff // self.groups), *waves.shape[1:])
        for group, rows in enumerate(table):
            of_group = waves[group :: self.groups]
            rows[: len(of_group)] = of_group
        return table.flatten(1, 2)


@dataclass(frozen=True)
class GammaTable(Table):
    """The real waves 1, cos(n gamma), sin(n gamma), ``(group, wave, gamma)``, n = 1 .. max_order.

    Args:
        max_order: the largest n.
        points: values of gamma; those of the first half turn are in the table of two groups.
        groups: of n.
    """

    max_order: int
    points: int
    groups: int

    def build(self) -> Tensor:
        waves = circle_waves(self.max_order, self.points)[:, : self.points // self.groups]
        waves[1:] *= math.sqrt(0.5)  # from orthonormal ones
        groups = _pairs(len(waves), self.groups)
        table = waves.new_zeros(len(groups), _rows(groups), waves.shape[1])
        table[0, 0] = waves[0]
        for rows, pairs in zip(table, groups, strict=True):
            rows[pairs.cos], rows[pairs.sin] = waves[pairs.plus], waves[pairs.minus]
        return table


def along(table: Tensor, x: Tensor) -> Tensor:
    """Values ``(index, point, ...)`` to waves ``(index, group, row, ...)``."""
    return torch.matmul(table, _opposite(x.unflatten(1, (len(table), -1))))


def along_adjoint(table: Tensor, x: Tensor) -> Tensor:
    """The adjoint of `along`: waves ``(index, group, row, ...)`` to values."""
    return _opposite(torch.matmul(table.mT, x)).flatten(1, 2)


def orders(cutoff: int, count: int, x: Tensor) -> Tensor:
    """Real waves along gamma to complex ones: ``cos(n gamma)`` and ``sin`` to ``e^{-i n gamma}``.

    ``x_n = C_n - i S_n`` and ``x_{-n} = C_n + i S_n``; the adjoint is `waves`.

    Args:
        cutoff: number of orders m.
        count: number of orders n.
        x: ``(group of m, m, re/im, group of n, wave, ...)``.

    Returns:
        ``(m, n, re/im, ...)``, n = 0, 1, -1, 2, ..
    """
    y = x.new_empty(cutoff, count, 2, x.shape[5])
    of_n = _pairs(count, x.shape[3])
    for m, of_m in enumerate(x):
        place = y[m :: len(x)]
        of_m = of_m[: len(place)]
        place[:, 0] = of_m[:, :, 0, 0]
        for rows, pairs in zip(of_m.unbind(2), of_n, strict=True):
            c_re, c_im = rows[:, :, pairs.cos].unbind(1)
            s_re, s_im = rows[:, :, pairs.sin].unbind(1)
            plus, minus = place[:, pairs.plus], place[:, pairs.minus]
            add(c_re, s_im, 1, plus[:, :, 0])
            add(c_im, s_re, -1, plus[:, :, 1])
            add(c_re, s_im, -1, minus[:, :, 0])
            add(c_im, s_re, 1, minus[:, :, 1])
    return y


def waves(groups: tuple[int, int], x: Tensor) -> Tensor:
    """The adjoint of `orders`, which is its inverse but for a factor of 2 where n is not 0.

    ``C_n = x_n + x_{-n}`` and ``S_n = i (x_n - x_{-n})``, of ``(m, n, re/im, ...)``.

    Args:
        groups: of m and of n.
        x: complex orders.
    """
    of_m, of_n = groups[0], _pairs(x.shape[1], groups[1])
    y = x.new_empty(of_m, -(-len(x) // of_m), 2, len(of_n), _rows(of_n), x.shape[3])
    for m, place in enumerate(y):
        source = x[m::of_m]
        place[len(source) :] = 0
        place = place[: len(source)]
        place[:, :, 0, 0] = source[:, 0]
        for rows, pairs in zip(place.unbind(2), of_n, strict=True):
            rows[:, :, pairs.rows :] = 0
            p, q = source[:, pairs.plus], source[:, pairs.minus]
            cos, sin = rows[:, :, pairs.cos], rows[:, :, pairs.sin]
            add(p[:, :, 0], q[:, :, 0], 1, cos[:, 0])
            add(p[:, :, 1], q[:, :, 1], 1, cos[:, 1])
            add(q[:, :, 1], p[:, :, 1], -1, sin[:, 0])
            add(p[:, :, 0], q[:, :, 0], -1, sin[:, 1])
    return y


@dataclass(frozen=True)
class _Pairs:
    """Where a group of waves along gamma has cosines and sines, and where their n and -n are."""

    cos: slice
    sin: slice
    plus: slice
    minus: slice

    @property
    def rows(self) -> int:
        """How many rows the group needs; others may have one more."""
        return int(self.cos.stop)


def _pairs(count: int, groups: int) -> list[_Pairs]:
    """The n > 0 of each group, of `count` orders n = 0, 1, -1, ..; row 0 of the first is n = 0."""
    found = []
    for group in range(groups):
        first = 1 if group == 0 else 0
        n = range(groups - group, count // 2 + 1, groups)
        end, step = first + 2 * len(n), 2 * groups
        cos, sin = slice(first, end, 2), slice(first + 1, end + 1, 2)
        plus = 2 * (groups - group) - 1
        found.append(_Pairs(cos, sin, slice(plus, None, step), slice(plus + 1, None, step)))
    return found


def _rows(groups: Sequence[_Pairs]) -> int:
    """How many rows there are in each group of waves along gamma."""
    return max(pairs.rows for pairs in groups)


def _opposite(x: Tensor) -> Tensor:
    """Sums and differences of the two halves ``(index, 2, ...)``; one group as it is."""
    if x.shape[1] == 1:
        return x
    (y,) = linear(_sum_and_difference, _sum_and_difference, x)
    return y


def _sum_and_difference(x: Tensor) -> tuple[Tensor]:
    """Of ``(index, 2, ...)``; its own adjoint."""
    y = torch.empty_like(x)
    add(x[:, 0], x[:, 1], 1, y[:, 0])
    add(x[:, 0], x[:, 1], -1, y[:, 1])
    return (y,)
