"""What the last axis of a feature on SO(3) holds: values along gamma, or components in waves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Samples:
    """Values at evenly spaced angles gamma; one on the sphere."""

    count: int


@dataclass(frozen=True)
class Waves:
    """Components in the waves of gamma, in the order of `ops.products.circle_waves`."""

    max_order: int

    @property
    def count(self) -> int:
        """How many waves there are."""
        return 2 * self.max_order + 1
