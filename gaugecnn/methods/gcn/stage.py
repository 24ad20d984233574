"""GCNStage: the options of one stage of an isotropic network."""

from __future__ import annotations

from dataclasses import dataclass

from gaugecnn.plans import Stage, at_least


@dataclass(frozen=True)
class GCNStage(Stage):
    """A stage of an isotropic network.

    Args:
        channels: scalars per vertex.
        down: levels below the domain's own on which the feature lives.
        hops: Chebyshev polynomials; the kernel reaches hops - 1 rings.
    """

    down: int = 0
    hops: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, down=self.down)
        at_least(1, hops=self.hops)
