"""P4Stage: the options of one p4 layer, the sizes it gives, and whether it is exact."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from gaugecnn.errors import GaugecnnWarning
from gaugecnn.ops.planar import PlanarStage, Window


@dataclass(frozen=True)
class P4Stage(PlanarStage):
    """One p4 convolution, with what is done to its input first.

    With `up` the plane is enlarged by `stride`, each pixel repeated, and the convolution then has
    stride 1: all of it commutes with quarter turns.
    """

    @property
    def convolution(self) -> Window:
        """The windows of the convolution proper."""
        return Window(self.kernel, 1 if self.up else self.stride, self.padding)

    def convolution_input(self, size: int) -> int:
        """Rows that the convolution sees, after the pool or the enlargement."""
        return size * self.stride if self.up else self.pool_window.output_size(size)

    def output_size(self, size: int) -> int:
        """Rows that the stage gives from `size` of them."""
        return self.convolution.output_size(self.convolution_input(size))

    def reasons(self, size: int) -> list[str]:
        """Why the stage does not commute with quarter turns of planes of `size` rows.

        One sentence for each window that leaves pixels unread, which names the next size at which
        it would not; none where the stage is exact.
        """
        seen = self.convolution_input(size)
        parts = [] if self.up else [("max_pool", self.pool_window, size)]
        parts.append(("convolution", self.convolution, seen))
        return [_reason(*part) for part in parts if not part[1].is_exact(part[2])]


def warn_of(reasons: list[str], layer: str) -> None:
    """Warn of each reason why a layer is not exact, naming the layer."""
    for reason in reasons:
        warnings.warn(
            f"p4 layer {layer}: its {reason}, so the network is not exactly equivariant "
            f"(domain.size=auto finds an exact size, and model.subsampling=equivariant is "
            f"exact at every size)",
            GaugecnnWarning,
            stacklevel=3,
        )


def _reason(part: str, window: Window, size: int) -> str:
    """What a window does on `size` rows that is not symmetric, and which rows it would suit."""
    unread = window.unread(size)
    rows = "the last row" if unread == 1 else f"the last {unread} rows"
    padded = f" of {size + 2 * window.padding} with the padding" if window.padding else ""
    use = window.nearest_exact_sizes(size)[-1]
    steps = "" if window.stride == window.kernel else f" in steps of {window.stride}"
    return (
        f"{part} {window.kernel}x{window.kernel}{steps} on {size} rows drops {rows}{padded}: "
        f"use {use}, or pad"
    )
