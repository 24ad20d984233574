"""Spectra, and how they are cut so that nothing is computed where a degree has no such orders.

A spectrum ``x^l_mn`` is real, ``(m, n, degree, re/im, batch, channel)``, with orders
``m = 0 .. cutoff - 1`` and ``n = -max_order .. max_order``; degrees below max(m, |n|) do not exist.
Degrees, and the orders m with them, are taken in a few blocks:

- transforms give and take *pieces*: the m of one block, with the degrees from its first one on;
- products work on *parts*: the degrees of one block, with the orders below its last one, laid out
  as the matrices ``(degree, m batch, n channel)`` that are multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

DEGREE_BLOCKS, SMALLEST_BLOCK = 8, 4
"""At most so many blocks, of at least so many degrees: few launches, little done on zeros."""


def orders_below(degrees: int, max_order: int) -> slice:
    """The orders that degrees below `degrees` have, among ``-max_order .. max_order``."""
    half = min(degrees - 1, max_order)
    return slice(max_order - half, max_order + half + 1)


@dataclass(frozen=True)
class Blocks:
    """How degrees are taken together.

    Args:
        cutoff: number of degrees.
    """

    cutoff: int

    @property
    def degrees(self) -> list[range]:
        """The degrees of each block, or its orders m."""
        step = max(SMALLEST_BLOCK, math.ceil(self.cutoff / DEGREE_BLOCKS))
        starts = range(0, self.cutoff, step)
        return [range(start, min(start + step, self.cutoff)) for start in starts]

    def common(self, pieces: tuple[Tensor, ...], parts: tuple[Tensor, ...]) -> Iterator[Any]:
        """Where pieces and parts hold the same numbers: pairs of views of one and of the other.

        Both are ``(degree, m, batch, n, channel, re/im)``.
        """
        for degrees, part in zip(self.degrees, parts, strict=True):
            for orders, piece in zip(self.degrees, pieces, strict=True):
                if orders.start >= degrees.stop:
                    break
                n = orders_below(degrees.stop, piece.shape[1] // 2)
                at = slice(degrees.start - orders.start, degrees.stop - orders.start)
                view = piece[:, n, at].permute(2, 0, 4, 1, 5, 3)
                yield view, part[:, orders.start : orders.stop]


def whole(pieces: list[Tensor]) -> Tensor:
    """The spectrum of pieces, ``(m, n, degree, re/im, batch, channel)``, zero where it has none."""
    cutoff = pieces[0].shape[2]
    filled = []
    for piece in pieces:
        missing = cutoff - piece.shape[2]
        filled.append(torch.nn.functional.pad(piece, (0, 0, 0, 0, 0, 0, missing, 0)))
    return torch.cat(filled)


def pieces_of(spectrum: Tensor) -> list[Tensor]:
    """The pieces of a spectrum ``(m, n, degree, re/im, batch, channel)``."""
    blocks = Blocks(len(spectrum)).degrees
    return [spectrum[m.start : m.stop, :, m.start :] for m in blocks]


class _ToParts(torch.autograd.Function):
    """Pieces to parts ``(degree, m, batch, n, channel, re/im)``; the adjoint is `_ToPieces`."""

    @staticmethod
    def forward(blocks: Blocks, *pieces: Tensor) -> tuple[Tensor, ...]:
        _, orders, _, _, batch, channels = pieces[0].shape
        parts = []
        for degrees in blocks.degrees:
            n = orders_below(degrees.stop, orders // 2)
            shape = len(degrees), degrees.stop, batch, n.stop - n.start, channels, 2
            parts.append(pieces[0].new_empty(shape))
        for source, target in blocks.common(pieces, tuple(parts)):
            target.copy_(source)
        return tuple(parts)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.blocks, ctx.orders = inputs[0], inputs[1].shape[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, *_ToPieces.apply(ctx.blocks, ctx.orders, *gradients)


class _ToPieces(torch.autograd.Function):
    """Parts to pieces, zero where no part has the order; the adjoint is `_ToParts`."""

    @staticmethod
    def forward(blocks: Blocks, orders: int, *parts: Tensor) -> tuple[Tensor, ...]:
        batch, channels = parts[0].shape[2], parts[0].shape[4]
        pieces = tuple(
            parts[0].new_zeros(len(m), orders, blocks.cutoff - m.start, 2, batch, channels)
            for m in blocks.degrees
        )
        for target, source in blocks.common(pieces, parts):
            target.copy_(source)
        return pieces

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.blocks = inputs[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, None, *_ToParts.apply(ctx.blocks, *gradients)


def to_parts(pieces: list[Tensor]) -> list[Tensor]:
    """Pieces as parts, ``(degree, m, batch, n, channel, re/im)``."""
    return list(_ToParts.apply(Blocks(pieces[0].shape[2]), *pieces))


def to_pieces(parts: list[Tensor], cutoff: int, orders: int) -> list[Tensor]:
    """Parts as pieces, ``(m, n, degree, re/im, batch, channel)``, of so many orders n."""
    return list(_ToPieces.apply(Blocks(cutoff), orders, *parts))


def add_constant(parts: list[Tensor], values: Tensor) -> list[Tensor]:
    """The parts of a feature to which ``(channel,)`` is added: the real part of degree 0."""
    first = parts[0]
    degrees, m, _, n, _, _ = first.shape
    place = values.new_zeros(degrees, m, 1, n, 1, 2)
    place[0, 0, 0, n // 2, 0, 0] = 1.0
    return [first + place * values[:, None], *parts[1:]]


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


def _tables(table: Tensor, blocks: Blocks) -> Iterator[tuple[Tensor, slice]]:
    """For each piece its part of a table ``(m n, degree, beta)``, and its rows."""
    orders = len(table) // blocks.cutoff
    for m in blocks.degrees:
        rows = slice(m.start * orders, m.stop * orders)
        yield table[rows, m.start :], rows


def degrees_of(x: Tensor, table: Tensor, cutoff: int) -> list[Tensor]:
    """``(m n, re/im batch channel, beta)`` to the pieces of its spectrum."""
    return list(_Degrees.apply(x, table, Blocks(cutoff)))


def rings_of(pieces: list[Tensor], table: Tensor, cutoff: int) -> Tensor:
    """Pieces ``(m n, degree, re/im batch channel)`` to ``(m n, re/im batch channel, beta)``."""
    x: Tensor = _Rings.apply(table, Blocks(cutoff), *pieces)
    return x
