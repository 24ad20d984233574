"""The last step of an analysis and the first one of a synthesis: between rings and real orders.

Sums over the rings are taken for complex orders, ``(m >= 0, signed n)`` with n = 0, 1, -1, 2, ..,
in *pieces*: the m of one block, with the degrees from its first one on. What is added and
subtracted on the way to real orders is in `real_basis`; each function here has its adjoint beside
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, orders_below


class _Degrees(torch.autograd.Function):
    """``y_j = T_j x_j^T``, a sum over beta for the orders m and the degrees of each piece.

    Takes ``(m n, re/im batch channel, beta)`` and the table ``(m n, degree, beta)``; gives pieces
    ``(m n, degree, re/im batch channel)``. The adjoint is `_Rings`.
    """

    @staticmethod
    def forward(x: Tensor, table: Tensor, blocks: Blocks) -> tuple[Tensor, ...]:
        return tuple(torch.bmm(t, x[rows].mT) for t, rows in _tables(table, blocks))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        _, table, ctx.blocks = inputs
        ctx.save_for_backward(table)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return _Rings.apply(ctx.saved_tensors[0], ctx.blocks, *gradients), None, None


class _Rings(torch.autograd.Function):
    """``x_j = y_j^T T_j``, a sum over the degrees of each piece; the adjoint of `_Degrees`."""

    @staticmethod
    def forward(table: Tensor, blocks: Blocks, *pieces: Tensor) -> Tensor:
        x = pieces[0].new_empty(len(table), pieces[0].shape[2], table.shape[2])
        for piece, (t, rows) in zip(pieces, _tables(table, blocks), strict=True):
            torch.bmm(piece.mT, t, out=x[rows])
        return x

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        table, ctx.blocks = inputs[:2]
        ctx.save_for_backward(table)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, None, *_Degrees.apply(gradients[0], ctx.saved_tensors[0], ctx.blocks)


class _Real(torch.autograd.Function):
    """Pieces ``(m, n, degree, re/im, batch, channel)`` to parts; the adjoint is `_Complex`."""

    @staticmethod
    def forward(blocks: Blocks, *pieces: Tensor) -> tuple[Tensor, ...]:
        _, orders, _, _, batch, channels = pieces[0].shape
        parts = []
        for degrees in blocks.degrees:
            n = orders_below(degrees.stop, orders)
            shape = len(degrees), degrees.stop, 2, batch, n, channels
            parts.append(pieces[0].new_empty(shape))
        for _, piece, part in _common(blocks, pieces, parts):
            part[..., 0, :] = piece[..., 0, :]
            plus, minus = piece[..., 1::2, :], piece[..., 2::2, :]  # P and Q
            cos, sin = part[..., 1::2, :], part[..., 2::2, :]
            add(plus, minus, 1, cos)
            add(plus[:, :, 0], minus[:, :, 0], -1, sin[:, :, 1])
            add(minus[:, :, 1], plus[:, :, 1], -1, sin[:, :, 0])
        return tuple(parts)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.blocks, ctx.orders = inputs[0], inputs[1].shape[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, *_Complex.apply(ctx.blocks, ctx.orders, *gradients)


class _Complex(torch.autograd.Function):
    """Parts to pieces, zero where no part has the order; the adjoint of `_Real`."""

    @staticmethod
    def forward(blocks: Blocks, orders: int, *parts: Tensor) -> tuple[Tensor, ...]:
        batch, channels = parts[0].shape[3], parts[0].shape[5]
        pieces = tuple(
            parts[0].new_empty(len(m), orders, blocks.cutoff - m.start, 2, batch, channels)
            for m in blocks.degrees
        )
        for beyond, piece, part in _common(blocks, pieces, parts):
            beyond.zero_()
            piece[..., 0, :] = part[..., 0, :]
            plus, minus = piece[..., 1::2, :], piece[..., 2::2, :]
            cos, sin = part[..., 1::2, :], part[..., 2::2, :]
            add(cos[:, :, 0], sin[:, :, 1], 1, plus[:, :, 0])
            add(cos[:, :, 1], sin[:, :, 0], -1, plus[:, :, 1])
            add(cos[:, :, 0], sin[:, :, 1], -1, minus[:, :, 0])
            add(cos[:, :, 1], sin[:, :, 0], 1, minus[:, :, 1])
        return pieces

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.blocks = inputs[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, None, *_Real.apply(ctx.blocks, *gradients)


def analysed(x: Tensor, table: Tensor, cutoff: int, batch: int) -> list[Tensor]:
    """The parts of a spectrum.

    Args:
        x: ``(m n, re/im batch channel, beta)``.
        table: ``(m n, degree, beta)``.
        cutoff: number of degrees.
        batch: how many signals.
    """
    blocks, orders = Blocks(cutoff), len(table) // cutoff
    pieces = _Degrees.apply(x, table, blocks)  # (m n, degree, re/im batch channel)
    return list(
        _Real.apply(
            blocks,
            *(p.view(-1, orders, p.shape[1], 2, batch, x.shape[1] // (2 * batch)) for p in pieces),
        )
    )


def sampled(parts: list[Tensor], table: Tensor, cutoff: int) -> Tensor:
    """Parts to ``(m n, re/im batch channel, beta)``, by the table ``(m n, degree, beta)``."""
    blocks = Blocks(cutoff)
    pieces = _Complex.apply(blocks, len(table) // cutoff, *parts)
    x: Tensor = _Rings.apply(table, blocks, *(piece.flatten(3).flatten(0, 1) for piece in pieces))
    return x


def add(x: Tensor, y: Tensor, sign: int, place: Tensor) -> None:
    """``x + sign y``, written to its place."""
    if torch.compiler.is_compiling():  # which has no rule for a place with gaps
        place.copy_(x + sign * y)
    else:
        torch.add(x, y, alpha=sign, out=place)


def _common(
    blocks: Blocks, pieces: tuple[Tensor, ...], parts: list[Tensor] | tuple[Tensor, ...]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Where pieces and parts say the same, ``(degree, m, re/im or cos/sin, batch, n, channel)``.

    Before them what a piece holds there in orders that no degree of the part has.
    """
    for degrees, part in zip(blocks.degrees, parts, strict=True):
        for m, piece in zip(blocks.degrees, pieces, strict=True):
            if m.start >= degrees.stop:
                break
            at = piece[:, :, degrees.start - m.start : degrees.stop - m.start]
            view = at[:, : part.shape[4]].permute(2, 0, 3, 4, 1, 5)
            yield at[:, part.shape[4] :], view, part[:, m.start : m.stop]


def _tables(table: Tensor, blocks: Blocks) -> Iterator[tuple[Tensor, slice]]:
    """For each piece its part of a table ``(m n, degree, beta)``, and its rows."""
    orders = len(table) // blocks.cutoff
    for m in blocks.degrees:
        rows = slice(m.start * orders, m.stop * orders)
        yield table[rows, m.start :], rows
