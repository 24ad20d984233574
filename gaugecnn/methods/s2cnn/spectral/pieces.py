"""The last step of an analysis and the first one of a synthesis: between rings and real orders.

Sums over the rings are taken for complex orders, ``(m >= 0, signed n)`` with n = 0, 1, -1, 2, ..,
in *pieces*: the m of one block, with the degrees from its first one on. What is added and
subtracted on the way to real orders is in `real_basis`. One piece is in memory at a time; each
function here has its adjoint beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, orders_below


def to_parts(blocks: Blocks, table: Tensor, size: tuple[int, int], x: Tensor) -> tuple[Tensor, ...]:
    """The parts of a spectrum, ``y_j = T_j x_j^T``; the adjoint is `to_rings`.

    Args:
        blocks: of degrees, and of orders m.
        table: T, ``(m n, degree, beta)``.
        size: batch and channels.
        x: ``(m n, re/im batch channel, beta)``.
    """
    orders = len(table) // blocks.cutoff
    batch, channels = size
    parts = []
    for block in blocks.degrees:
        shape = len(block), block.stop, 2, batch, orders_below(block.stop, orders), channels
        parts.append(x.new_empty(shape))
    for m, t, rows in _tables(table, blocks):
        piece = torch.bmm(t, x[rows].mT).view(len(m), orders, -1, 2, batch, channels)
        for _, view, part in _common(blocks, m, _real(piece), parts):
            part.copy_(view)
    return tuple(parts)


def to_rings(blocks: Blocks, table: Tensor, *parts: Tensor) -> Tensor:
    """``x_j = y_j^T T_j``, the adjoint of `to_parts`; what no part has is 0."""
    orders = len(table) // blocks.cutoff
    batch, channels = parts[0].shape[3], parts[0].shape[5]
    x = table.new_empty(len(table), 2 * batch * channels, table.shape[2])
    for m, t, rows in _tables(table, blocks):
        real = table.new_empty(len(m), orders, blocks.cutoff - m.start, 2, batch, channels)
        for beyond, view, part in _common(blocks, m, real, parts):
            beyond.zero_()
            view.copy_(part)
        piece = _complex(real).flatten(3).flatten(0, 1)  # (m n, degree, re/im batch channel)
        torch.bmm(piece.mT, t, out=x[rows])
    return x


def _real(piece: Tensor) -> Tensor:
    """Real orders in place of complex ones, ``(m, n, degree, cos/sin, batch, channel)``."""
    real = torch.empty_like(piece)
    real[:, 0] = piece[:, 0]
    p, q = piece[:, 1::2], piece[:, 2::2]
    cos, sin = real[:, 1::2], real[:, 2::2]
    add(p, q, 1, cos)
    add(p[:, :, :, 0], q[:, :, :, 0], -1, sin[:, :, :, 1])
    add(q[:, :, :, 1], p[:, :, :, 1], -1, sin[:, :, :, 0])
    return real


def _complex(real: Tensor) -> Tensor:
    """Complex orders in place of real ones; the adjoint of `_real`."""
    piece = torch.empty_like(real)
    piece[:, 0] = real[:, 0]
    p, q = piece[:, 1::2], piece[:, 2::2]
    cos, sin = real[:, 1::2], real[:, 2::2]
    add(cos[:, :, :, 0], sin[:, :, :, 1], 1, p[:, :, :, 0])
    add(cos[:, :, :, 1], sin[:, :, :, 0], -1, p[:, :, :, 1])
    add(cos[:, :, :, 0], sin[:, :, :, 1], -1, q[:, :, :, 0])
    add(cos[:, :, :, 1], sin[:, :, :, 0], 1, q[:, :, :, 1])
    return piece


def add(x: Tensor, y: Tensor, sign: int, place: Tensor) -> None:
    """``x + sign y``, written to its place."""
    if torch.compiler.is_compiling():  # which has no rule for a place with gaps
        place.copy_(x + sign * y)
    else:
        torch.add(x, y, alpha=sign, out=place)


def _common(
    blocks: Blocks, m: range, piece: Tensor, parts: Sequence[Tensor]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Where a piece and parts say the same, ``(degree, m, cos/sin, batch, n, channel)``.

    Before them what the piece holds there in orders that no degree of the part has.
    """
    for block, part in zip(blocks.degrees, parts, strict=True):
        if m.start < block.stop:
            at = piece[:, :, block.start - m.start : block.stop - m.start]
            view = at[:, : part.shape[4]].permute(2, 0, 3, 4, 1, 5)
            yield at[:, part.shape[4] :], view, part[:, m.start : m.stop]


def _tables(table: Tensor, blocks: Blocks) -> Iterator[tuple[range, Tensor, slice]]:
    """For each piece its m, its part of a table ``(m n, degree, beta)``, and its rows."""
    orders = len(table) // blocks.cutoff
    for m in blocks.degrees:
        rows = slice(m.start * orders, m.stop * orders)
        yield m, table[rows, m.start :], rows
