"""Spectra in real orders, and how degrees are taken together so that little is done on zeros.

A spectrum is a list of *parts*, each of the degrees of one block and real, ``(degree, m, cos/sin,
batch, N, channel)``: the orders m from 0 to the last degree of the block, each with its cosine and
sine (that of m = 0 is 0), and the real orders N = 0, cos 1, sin 1, .. (`real_basis`), those of
fewer degrees first. As matrices ``(degree, m cos/sin batch, N channel)`` parts are multiplied as
they lie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.spectral.real_basis import without_sine_of_0

DEGREE_BLOCKS, SMALLEST_BLOCK = 6, 4
"""At most so many blocks, of at least so many degrees: few launches, little done on zeros."""


@dataclass(frozen=True)
class Blocks:
    """How degrees are taken together.

    Args:
        cutoff: number of degrees.
    """

    cutoff: int

    @property
    def degrees(self) -> list[range]:
        """The degrees of each block, or its orders."""
        step = max(SMALLEST_BLOCK, math.ceil(self.cutoff / DEGREE_BLOCKS))
        starts = range(0, self.cutoff, step)
        return [range(start, min(start + step, self.cutoff)) for start in starts]


def orders_below(degrees: int, orders: int) -> int:
    """How many real orders there are below some degrees, of `orders` in all."""
    return min(2 * degrees - 1, orders)


def constant(parts: Sequence[Tensor]) -> Tensor:
    """The view of the constant function's coefficient, ``(batch, channel)``."""
    return parts[0][0, 0, 0, :, 0]


def add_constant(parts: Sequence[Tensor], values: Tensor) -> list[Tensor]:
    """The parts of a feature to which ``(channel,)`` is added: at degree 0."""
    first = parts[0]
    place = values.new_zeros(*first.shape[:3], 1, first.shape[4], 1)
    place[0, 0, 0, 0, 0, 0] = 1.0
    return [first + place * values, *parts[1:]]


def degrees_of(parts: Sequence[Tensor]) -> list[Tensor]:
    """One ``(batch, channel, M, N)`` a degree, in its real orders M and N."""
    found: list[Tensor] = []
    for part in parts:
        for rows in part.flatten(1, 2).permute(0, 2, 4, 1, 3):  # (batch, channel, m cos/sin, N)
            size = 2 * len(found) + 1
            m = without_sine_of_0(rows[:, :, : size + 1], 2)
            found.append(m[..., : orders_below(len(found) + 1, rows.shape[-1])])
    return found


def parts_of(degrees: Sequence[Tensor]) -> list[Tensor]:
    """The parts of ``(batch, channel, M, N)`` a degree."""
    parts = []
    for block in Blocks(len(degrees)).degrees:
        size, orders = 2 * block.stop, degrees[block[-1]].shape[3]
        rows = []
        for degree in block:
            m = degrees[degree]
            m = torch.cat([m[:, :, :1], torch.zeros_like(m[:, :, :1]), m[:, :, 1:]], 2)
            missing = (0, orders - m.shape[3], 0, size - m.shape[2])
            rows.append(torch.nn.functional.pad(m, missing))
        part = torch.stack(rows).permute(0, 3, 1, 4, 2)  # (degree, m cos/sin, batch, N, channel)
        parts.append(part.unflatten(1, (-1, 2)).contiguous())
    return parts
