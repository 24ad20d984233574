"""Products of functions on a circle, each given by its components in a few orthonormal waves.

    (x y)_o = sum_ij C_oij x_i y_j,      C_oij = mean over the circle of w_o w_i w_j

is the product cut to the waves that the factors have. Few C_oij are not 0; and the adjoint of a
product is a product again, because C is symmetric.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Terms = Sequence[tuple[int, int, float]]
"""Components i and j, and what their product is multiplied by."""

Table = tuple[Terms, ...]
"""The terms of each component of a product."""

Components = Sequence[Tensor]
Places = Sequence[Tensor | None] | None


def circle_waves(max_order: int, points: int) -> Tensor:
    """The orthonormal waves of a circle at evenly spaced angles t, ``(wave, point)``, float64.

    1, and for each order n up to the largest sqrt(2) cos(n t) and then sqrt(2) sin(n t).
    """
    t = 2 * math.pi * torch.arange(points, dtype=torch.float64) / points
    found = [torch.ones_like(t)]
    for n in range(1, max_order + 1):
        found += [math.sqrt(2) * torch.cos(n * t), math.sqrt(2) * torch.sin(n * t)]
    return torch.stack(found)


def product_table(basis: Tensor) -> Table:
    """For each component o the ``(i, j, C_oij)`` that are not 0.

    Args:
        basis: the waves ``(component, angle)`` at evenly spaced angles, more than three times as
            many as the highest order, so that the mean is exact.
    """
    table = torch.einsum("oa,ia,ja->oij", basis, basis, basis) / basis.shape[1]
    return tuple(
        tuple((i, j, round(float(row[i, j]), 15)) for i, j in (row.abs() > 1e-9).nonzero().tolist())
        for row in table
    )


def product(x: Components, y: Components, table: Table, out: Places = None) -> list[Tensor]:
    """The components of a product.

    Args:
        x: the components of one factor.
        y: those of the other.
        table: the `product_table` of their waves.
        out: where to write them; by default to new tensors.
    """
    places = [None] * len(table) if out is None else out
    return [_sum(x, y, terms, place) for terms, place in zip(table, places, strict=True)]


def half_squares(table: Table) -> Table:
    """The table of half the product of a function with itself, each pair of components once."""
    return tuple([(i, j, v if i < j else v / 2) for i, j, v in t if i <= j] for t in table)


def inner(x: Components, y: Components) -> Tensor:
    """``sum_i x_i y_i``, the mean of the product over the circle."""
    return _sum(x, y, [(i, i, 1.0) for i in range(len(x))], None)


def _sum(x: Components, y: Components, terms: Terms, out: Tensor | None) -> Tensor:
    (i, j, value), *others = terms
    total = torch.mul(x[i], y[j], out=out)
    if value != 1:
        total = torch.mul(total, value, out=out)
    for i, j, value in others:
        total = torch.addcmul(total, x[i], y[j], value=value, out=out)
    return total
