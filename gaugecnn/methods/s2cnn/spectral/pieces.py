"""The last step of an analysis and the first one of a synthesis: between rings and real orders.

Sums over the rings are taken for complex orders, ``(m >= 0, signed n)`` with n = 0, 1, -1, 2, ..,
in *pieces*: the m of one block, with the degrees from its first one on. What is added and
subtracted on the way to real orders is in `real_basis`; each function here has its adjoint beside
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, orders_below


def degrees(blocks: Blocks, table: Tensor, x: Tensor) -> tuple[Tensor, ...]:
    """``y_j = T_j x_j^T``, a sum over beta for the orders m and the degrees of each piece.

    Takes ``(m n, re/im batch channel, beta)`` and the table ``(m n, degree, beta)``; gives pieces
    ``(m n, degree, re/im batch channel)``. The adjoint is `rings`.
    """
    return tuple(torch.bmm(t, x[rows].mT) for t, rows in _tables(table, blocks))


def rings(blocks: Blocks, table: Tensor, *pieces: Tensor) -> tuple[Tensor]:
    """``x_j = y_j^T T_j``, a sum over the degrees of each piece; the adjoint of `degrees`."""
    x = pieces[0].new_empty(len(table), pieces[0].shape[2], table.shape[2])
    for piece, (t, rows) in zip(pieces, _tables(table, blocks), strict=True):
        torch.bmm(piece.mT, t, out=x[rows])
    return (x,)


def to_real(blocks: Blocks, *pieces: Tensor) -> tuple[Tensor, ...]:
    """Pieces ``(m, n, degree, re/im, batch, channel)`` to parts; the adjoint is `to_complex`."""
    _, orders, _, _, batch, channels = pieces[0].shape
    parts = []
    for block in blocks.degrees:
        shape = len(block), block.stop, 2, batch, orders_below(block.stop, orders), channels
        parts.append(pieces[0].new_empty(shape))
    for _, piece, part in _common(blocks, [_real(piece) for piece in pieces], parts):
        part.copy_(piece)
    return tuple(parts)


def to_complex(blocks: Blocks, orders: int, *parts: Tensor) -> tuple[Tensor, ...]:
    """Parts to pieces, zero where no part has the order; the adjoint of `to_real`."""
    batch, channels = parts[0].shape[3], parts[0].shape[5]
    pieces = [
        parts[0].new_empty(len(m), orders, blocks.cutoff - m.start, 2, batch, channels)
        for m in blocks.degrees
    ]
    for beyond, piece, part in _common(blocks, pieces, parts):
        beyond.zero_()
        piece.copy_(part)
    return tuple(_complex(piece) for piece in pieces)


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
    blocks: Blocks, pieces: Sequence[Tensor], parts: Sequence[Tensor]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Where pieces and parts say the same, ``(degree, m, re/im or cos/sin, batch, n, channel)``.

    Before them what a piece holds there in orders that no degree of the part has.
    """
    for block, part in zip(blocks.degrees, parts, strict=True):
        for m, piece in zip(blocks.degrees, pieces, strict=True):
            if m.start >= block.stop:
                break
            at = piece[:, :, block.start - m.start : block.stop - m.start]
            view = at[:, : part.shape[4]].permute(2, 0, 3, 4, 1, 5)
            yield at[:, part.shape[4] :], view, part[:, m.start : m.stop]


def _tables(table: Tensor, blocks: Blocks) -> Iterator[tuple[Tensor, slice]]:
    """For each piece its part of a table ``(m n, degree, beta)``, and its rows."""
    orders = len(table) // blocks.cutoff
    for m in blocks.degrees:
        rows = slice(m.start * orders, m.stop * orders)
        yield table[rows, m.start :], rows
