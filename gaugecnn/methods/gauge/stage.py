"""The options of a gauge network and of its stages, and the stencils that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from gaugecnn.errors import OptionError
from gaugecnn.plans import Options, Stage, at_least

DEFAULT_ORDER = 2
"""Highest order of a feature where neither its stage nor the model says one."""


class Nonlinearity(StrEnum):
    """The nonlinearities of gauge features: ``model.nonlinearity``."""

    norm_gate = "norm_gate"
    regular = "regular"
    product = "product"


@dataclass(frozen=True, kw_only=True)
class GaugeOptions(Options):
    """The options ``model.OPTION``, see `GaugeFamily`."""

    in_vectors: int = 0
    nonlinearity: Nonlinearity = Nonlinearity.product
    max_order: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.in_vectors < 0:
            raise OptionError("in_vectors", f"expected in_vectors >= 0, got {self.in_vectors}")
        if self.max_order is not None and self.max_order < 0:
            raise OptionError(
                "max_order", f"expected model.max_order >= 0 or null, got {self.max_order}"
            )


@dataclass(frozen=True)
class KernelSpec:
    """Which stencils a convolution uses.

    Args:
        radius: of the support, a length on a surface of area ``4 pi``; 0 is the one ring.
        profiles: radial profiles ``r^{2k} e^{-r^2}``, k = 0 .. profiles - 1.
        accuracy: moments of the stencil up to this degree are made exact.
        max_frequency: largest |s|; only vertices with 2 |s| + 1 neighbours resolve it.
    """

    radius: float = 0.0
    profiles: int = 1
    accuracy: int = 3
    max_frequency: int = 2

    def __post_init__(self) -> None:
        at_least(0, radius=self.radius, max_frequency=self.max_frequency)
        at_least(1, profiles=self.profiles, accuracy=self.accuracy)


@dataclass(frozen=True)
class GaugeStage(Stage):
    """A stage of a gauge network.

    Args:
        channels: multiplicity of every order.
        max_order: highest order of the feature, at most the network's `max_order`; None takes that,
            and 2 where it is not given either. An order that no frequency of the kernel reaches
            from those that come in is refused: all its channels would be 0, and a shortcut has it
            only where the input had it before.
        down: levels below the domain's own on which the feature lives.
        radius: of the kernel's support, a length on a surface of area ``4 pi``; 0 is the one ring.
        profiles: radial profiles of the kernel.
        accuracy: moments of the stencils up to this degree are exact.
        max_frequency: highest frequency of the stencils.
    """

    max_order: int | None = None
    down: int = 0
    radius: float = 0.0
    profiles: int = 1
    accuracy: int = 3
    max_frequency: int = 2
    renamed: ClassVar[Mapping[str, str]] = {"degree": "accuracy", "max_phase": "max_frequency"}

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, down=self.down)
        if self.max_order is not None:
            at_least(0, max_order=self.max_order)
        _ = self.kernel  # refuses what no stencil can be

    @property
    def kernel(self) -> KernelSpec:
        """The stencils of the stage's convolution."""
        return KernelSpec(self.radius, self.profiles, self.accuracy, self.max_frequency)
