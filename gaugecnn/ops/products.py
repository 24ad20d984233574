"""Products of functions on a circle, each given by its components in a few orthonormal waves.

    (x y)_o = sum_ij C_oij x_i y_j,      C_oij = mean over the circle of w_o w_i w_j

is the product cut to the waves that the factors have. Few C_oij are not 0; and the adjoint of a
product is a product again, because C is symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Terms = Sequence[tuple[int, int, float]]
"""Components i and j, and what their product is multiplied by."""

Table = tuple[Terms, ...]
"""The terms of each component of a product."""


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


def product(x: Sequence[Tensor], y: Sequence[Tensor], table: Table) -> list[Tensor]:
    """The components of a product."""
    return [_sum(x, y, terms) for terms in table]


def square(x: Sequence[Tensor], table: Table) -> list[Tensor]:
    """The components of the product of a function with itself."""
    once = [[(i, j, v * (1 + (i < j))) for i, j, v in terms if i <= j] for terms in table]
    return [_sum(x, x, terms) for terms in once]


def inner(x: Sequence[Tensor], y: Sequence[Tensor]) -> Tensor:
    """``sum_i x_i y_i``, the mean of the product over the circle."""
    return _sum(x, y, [(i, i, 1.0) for i in range(len(x))])


def _sum(x: Sequence[Tensor], y: Sequence[Tensor], terms: Terms) -> Tensor:
    (i, j, value), *others = terms
    total = x[i] * y[j] if value == 1 else value * x[i] * y[j]
    for i, j, value in others:
        total = torch.addcmul(total, x[i], y[j], value=value)
    return total
