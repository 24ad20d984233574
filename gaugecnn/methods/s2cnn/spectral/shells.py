"""Pairs of real orders (N, K) in shells, so that nothing is computed below a pair's first degree.

The first degree of a pair is the larger of its orders. Pairs are sorted by the block of degrees in
which it lies; a shell, the pairs of one block, is two rectangles: the N of the block with all K up
to it, and the earlier N with the K of the block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, orders_below
from gaugecnn.ops.adjoint import linear


@dataclass(frozen=True)
class Shells:
    """The pairs of real orders that a kernel has.

    Args:
        cutoff: number of degrees.
        order_in: largest order k.
        order_out: largest order n.
    """

    cutoff: int
    order_in: int
    order_out: int

    @property
    def degrees(self) -> list[range]:
        """The degrees of each block."""
        return Blocks(self.cutoff).degrees

    @property
    def rectangles(self) -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
        """The N and K of both rectangles of each shell."""
        found, below = [], (0, 0)
        for degrees in self.degrees:
            n, k = (
                orders_below(degrees.stop, 2 * order + 1)
                for order in (self.order_out, self.order_in)
            )
            new_n = slice(below[0], n), slice(0, k)
            new_k = slice(0, below[0]), slice(below[1], k)
            found.append((new_n, new_k))
            below = n, k
        return found

    @property
    def sizes(self) -> list[int]:
        """The pairs of each shell."""
        return [sum(_size(n, k) for n, k in both) for both in self.rectangles]

    def sorted(self, table: Tensor) -> Tensor:
        """``(N, K, ...)`` as ``(pair, ...)``, shell after shell."""
        return torch.cat([table[at].flatten(0, 1) for both in self.rectangles for at in both])

    def views(self, shell: int, pairs: Tensor) -> Iterator[tuple[tuple[slice, slice], Tensor]]:
        """The rectangles of a shell with their views ``(N, K, ...)`` of its ``(pair, ...)``."""
        start = 0
        for n, k in self.rectangles[shell]:
            size = _size(n, k)
            if size:
                yield (n, k), pairs[start : start + size].unflatten(0, (-1, k.stop - k.start))
            start += size


def by_degrees(
    shells: Shells, table: Tensor, sums: Tensor, channels: Sequence[int]
) -> list[Tensor]:
    """``y^l = T^l s`` for each pair of orders, by blocks of degrees.

    Args:
        shells: the pairs.
        table: T, ``(pair, degree, ring)``.
        sums: s, ``(pair, ring, in out)``.
        channels: how many go in and out.

    Returns:
        ``(degree, K, in, N, out)`` a block.
    """
    found = []
    tables, starts = table.split(shells.sizes), [degrees.start for degrees in shells.degrees]
    for t, s, start in zip(tables, sums.split(shells.sizes), starts, strict=True):
        found.append(torch.bmm(t[:, start:], s).unflatten(2, channels))
    return list(linear(partial(blocks_of, shells), partial(shells_of, shells), *found))


def blocks_of(shells: Shells, *pairs: Tensor) -> tuple[Tensor, ...]:
    """Shells ``(pair, degree, in, out)`` to blocks ``(degree, K, in, N, out)``."""
    channels = pairs[0].shape[2:]
    n, k = 2 * shells.order_out + 1, 2 * shells.order_in + 1
    blocks = tuple(
        pairs[0].new_empty(
            len(d), orders_below(d.stop, k), channels[0], orders_below(d.stop, n), channels[1]
        )
        for d in shells.degrees
    )
    for source, target in _common(shells, pairs, blocks):
        target.copy_(source)
    return blocks


def shells_of(shells: Shells, *blocks: Tensor) -> tuple[Tensor, ...]:
    """The inverse and adjoint of `blocks_of`."""
    channels = blocks[0].shape[2::2]
    pairs = tuple(
        blocks[0].new_empty(size, shells.cutoff - degrees.start, *channels)
        for size, degrees in zip(shells.sizes, shells.degrees, strict=True)
    )
    for target, source in _common(shells, pairs, blocks):
        target.copy_(source)
    return pairs


def _common(
    shells: Shells, pairs: Sequence[Tensor], blocks: Sequence[Tensor]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Where shells and blocks hold the same numbers, ``(degree, K, in, N, out)``."""
    for shell, first in enumerate(shells.degrees):
        for (n, k), view in shells.views(shell, pairs[shell]):
            view = view.permute(2, 1, 3, 0, 4)
            for degrees, block in zip(shells.degrees[shell:], blocks[shell:], strict=True):
                at = slice(degrees.start - first.start, degrees.stop - first.start)
                yield view[at], block[:, k, :, n]


def _size(n: slice, k: slice) -> int:
    return (n.stop - n.start) * (k.stop - k.start)
