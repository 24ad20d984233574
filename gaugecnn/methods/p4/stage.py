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

    def is_exact(self, size: int) -> bool:
        """Whether the stage commutes with quarter turns of planes of `size` rows."""
        return not self._unread(size)

    def warn_unless_exact(self, size: int, layer: str) -> None:
        """Warn, naming `layer` and the nearest exact sizes, when the stage is not exact."""
        for part, window, seen in self._unread(size):
            sizes = " or ".join(map(str, window.nearest_exact_sizes(seen)))
            warnings.warn(
                f"p4 layer {layer}: its {part} ({window}) on {seen}x{seen} planes leaves pixels "
                f"unread, so the network is not exactly equivariant; nearest exact sizes: {sizes}",
                GaugecnnWarning,
                stacklevel=3,
            )

    def _unread(self, size: int) -> list[tuple[str, Window, int]]:
        """The windows that leave pixels unread: name, window, size of the plane they move over."""
        parts = [("convolution", self.convolution, self.convolution_input(size))]
        if not self.up:
            parts.insert(0, ("max-pool", self.pool_window, size))
        return [part for part in parts if not part[1].is_exact(part[2])]
