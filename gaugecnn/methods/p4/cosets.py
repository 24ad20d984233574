"""Every n-th pixel of a plane, and which of them: the cosets of a subgroup of the shifts.

The sublattices of the shifts by `factor` pixels are centred at different places. A plane of fixed
size that is laid about the centre of one of them turns about its own centre when the picture does,
once the choice turns along.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugecnn.ops.planar import Window


@dataclass(frozen=True)
class Cosets:
    """The ways to keep every `factor`-th row and column of a plane in a smaller plane.

    Places are counted in half pixels from the middle of the dense plane, whose pixel i lies at
    ``2 i - (dense - 1)``. The sampled plane, whose middle is a centre c, has its pixel j at
    ``c + factor (2 j - (size - 1))``; it reads 0 where that is outside of the dense plane.

    Args:
        dense: rows and columns of the dense plane.
        factor: pixels from one that is kept to the next.
    """

    dense: int
    factor: int

    @property
    def size(self) -> int:
        """Rows that are kept, ``ceil(dense / factor)``: as many as a stride keeps."""
        return -(-self.dense // self.factor)

    @property
    def centres(self) -> list[int]:
        """Where the middle of the sampled plane can lie, the nearest place for each coset.

        Those at ``-factor`` and ``factor`` belong to the same coset.
        """
        parity = (self.dense - 1 + self.factor * (self.size - 1)) % 2
        return [c for c in range(-self.factor, self.factor + 1) if (c - parity) % 2 == 0]

    def first(self, centre: int) -> int:
        """The row of the dense plane that is row 0 of the sampled one; it can be outside."""
        return (centre - self.factor * (self.size - 1) + self.dense - 1) // 2

    def shares(self, pixel: int, side: int) -> list[float]:
        """1 for the centre whose coset has that row of the dense plane, 0 for the others.

        Of the two centres of one coset it is the one on the side of the pixel.

        Args:
            pixel: the row of the dense plane.
            side: -1 or 1, the side of a pixel in the very middle.
        """
        fits = [c for c in self.centres if (pixel - self.first(c)) % self.factor == 0]
        if len(fits) > 1:
            place = 2 * pixel - (self.dense - 1) or side
            fits = [c for c in fits if c * place > 0]
        return [float(c in fits) for c in self.centres]


def dense_window(size: int, dense: int) -> Window:
    """The window that takes `size` rows to `dense` ones by steps of one pixel."""
    padding = max(0, -(-(dense - size) // 2))
    return Window(size + 2 * padding - dense + 1, 1, padding)
