"""Sizes of convolutions and pools on planes, and when they commute with quarter turns.

A window of `kernel` pixels that moves in steps of `stride` over ``size + 2 padding`` pixels leaves
the last ``(size + 2 padding - kernel) mod stride`` of them unread. When none is left, the windows
turn into each other under quarter turns; otherwise they do not (Edixhoven et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugecnn.errors import OptionError, UserError
from gaugecnn.plans import Stage, at_least


@dataclass(frozen=True)
class Window:
    """The windows of a convolution or a pool along one axis.

    Args:
        kernel: pixels of a window.
        stride: pixels from one window to the next.
        padding: zeros added on either side.
    """

    kernel: int
    stride: int = 1
    padding: int = 0

    def output_size(self, size: int) -> int:
        """Windows that fit, ``floor((size + 2 padding - kernel) / stride) + 1``.

        Raises:
            UserError: not even one does.
        """
        if self._room(size) < 0:
            raise UserError(
                f"expected a plane of at least {self.kernel - 2 * self.padding} pixels for {self}, "
                f"got {size}"
            )
        return self._room(size) // self.stride + 1

    def transposed_size(self, size: int, output_padding: int = 0) -> int:
        """Pixels that the transposed convolution gives from `size` of them.

        ``(size - 1) stride + kernel - 2 padding + output_padding``.

        Raises:
            UserError: none is left.
        """
        result = (size - 1) * self.stride + self.kernel - 2 * self.padding + output_padding
        if result < 1:
            raise UserError(f"expected a plane with pixels from a transposed {self}, got {result}")
        return result

    def is_exact(self, size: int) -> bool:
        """Whether no pixel is left unread, ``(size + 2 padding - kernel) mod stride == 0``."""
        return self.unread(size) == 0

    def unread(self, size: int) -> int:
        """Rows at the end that no window reads, the padding's among them."""
        return self._room(size) % self.stride

    def nearest_exact_sizes(self, size: int) -> tuple[int, ...]:
        """The exact size itself, or the largest one below (if any) and the smallest one above."""
        unread = self.unread(size)
        if unread == 0:
            return (size,)
        below, above = size - unread, size - unread + self.stride
        return (below, above) if self._room(below) >= 0 and below > 0 else (above,)

    def _room(self, size: int) -> int:
        return size + 2 * self.padding - self.kernel

    def __str__(self) -> str:
        return f"kernel {self.kernel}, stride {self.stride}, padding {self.padding}"


def pooling_window(size_in: int, size_out: int) -> Window:
    """The window of the pool that takes `size_in` pixels to `size_out` ``<= size_in`` of them.

    The stride is ``size_in // size_out``. The kernel reads all pixels, so that the pool is exact.
    """
    stride = size_in // size_out
    return Window(size_in - (size_out - 1) * stride, stride)


@dataclass(frozen=True)
class PlanarStage(Stage):
    """A stage of a network on planes: dropout, pool or upsampling, then convolution.

    Args:
        kernel: rows and columns of the filter.
        padding: zeros added on each side.
        stride: pixels between windows; with `up`, the factor by which the plane grows.
        pool: kernel and stride of the max-pool on the input of the convolution; 1 is none.
        dropout: probability with which each element of the input is dropped in training.
        up: enlarge the plane instead of shrinking it.

    Raises:
        UserError: an option is out of range, or `pool` and `up` are both asked for.
    """

    kernel: int = 3
    padding: int = 0
    stride: int = 1
    pool: int = 1
    dropout: float = 0.0
    up: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(1, kernel=self.kernel, stride=self.stride, pool=self.pool)
        at_least(0, padding=self.padding)
        if not 0 <= self.dropout < 1:
            raise OptionError(
                "dropout", f"expected 0 <= dropout < 1 in a stage, got {self.dropout}"
            )
        if self.up and self.pool > 1:
            raise UserError(
                f"expected a stage that either pools or goes up, got pool={self.pool} and up=true"
            )

    @property
    def pool_window(self) -> Window:
        """The windows of the max-pool before the convolution."""
        return Window(self.pool, self.pool)

    @property
    def window(self) -> Window:
        """The windows of the convolution."""
        return Window(self.kernel, self.stride, self.padding)
