"""CNNStage: the options of one convolution of an ordinary planar network."""

from __future__ import annotations

from dataclasses import dataclass

from gaugecnn.errors import OptionError, UserError
from gaugecnn.ops.planar import PlanarStage


@dataclass(frozen=True)
class CNNStage(PlanarStage):
    """One convolution, with what is done to its input first.

    With `up` it is the transposed convolution of the same kernel, stride and padding. Where the
    convolution that it mirrors left pixels unread, their number is the `output_padding` that leads
    back to its size.

    Args:
        output_padding: rows and columns added at the end of a transposed convolution's output.

    Raises:
        UserError: an option is out of range, or `output_padding` is given without `up`.
    """

    output_padding: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output_padding and not self.up:
            raise UserError(
                f"output_padding belongs to stages with up: true, got {self.output_padding} "
                f"in one without"
            )
        if not 0 <= self.output_padding < self.stride:
            raise OptionError(
                "output_padding",
                f"expected 0 <= output_padding < stride={self.stride} in a stage, "
                f"got {self.output_padding}",
            )

    def output_size(self, size: int) -> int:
        """Rows (or columns) that the stage gives from `size` of them."""
        if self.up:
            return self.window.transposed_size(size, self.output_padding)
        return self.window.output_size(self.pool_window.output_size(size))
