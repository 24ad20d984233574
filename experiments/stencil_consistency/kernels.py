"""The kernels of the study: a support, and how far the moments of its samples are corrected.

The two controls are not in the package: `plain`, the samples alone, and `closed`, the samples and
a weight of the vertex itself that makes the zeroth moment right, so to speak degree 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.surface import Surface
from gaugecnn.methods.gauge import aggregation
from gaugecnn.ops.moments import Complex, moment
from gaugecnn.ops.stencil import (
    ONE_RING,
    Kernels,
    Stencils,
    Weights,
    neighbourhood,
    stencils,
    width,
)


class Control(StrEnum):
    """Stencils without the correction: the negative controls."""

    plain = "plain"
    closed = "constants only"


@dataclass(frozen=True, eq=False)
class Stencil:
    """The weights of one kernel at every vertex.

    Attributes:
        pairs: the neighbours ``(pair,)``.
        weights: theirs ``(pair,)``.
        centre: of the vertices themselves ``(vertex,)``.
        degree: up to which the moments are exact ``(vertex,)``.
    """

    pairs: Discs
    weights: Complex
    centre: Complex
    degree: Index

    def of(self, field: Array) -> Complex:
        """What it makes of a function ``(vertex,)``."""
        summands = self.weights * field[self.pairs.vertex]
        count = len(self.centre)
        real, imaginary = (
            np.bincount(self.pairs.base, part, minlength=count)
            for part in (summands.real, summands.imag)
        )
        return real + 1j * imaginary + self.centre * field


@dataclass(frozen=True)
class KernelChoice:
    """A kernel of the study.

    Args:
        edges: radius of the support in mean edges of the surface; 0 is the one ring.
        correction: the degree up to which moments are made exact, or a control.
        length: radius of the support as a length, in place of `edges`.
    """

    edges: float
    correction: int | Control
    length: float | None = None

    @property
    def name(self) -> str:
        """What to call it in the table."""
        support = f"disc {self.edges:g} edges" if self.edges else "one ring"
        if self.length is not None:
            support = f"length {self.length:g}"
        control = isinstance(self.correction, Control)
        return f"{support}, {self.correction}" if control else f"{support}, degree {self.degree}"

    @property
    def degree(self) -> int:
        """The degree to ask for; a control has none, and the package needs one."""
        return 1 if isinstance(self.correction, Control) else self.correction

    def radius(self, surface: Surface) -> float:
        """Of the support, a length; 0 is the one ring."""
        return self.edges * surface.mean_edge if self.length is None else self.length

    def stencil(self, surface: Surface, phase: int) -> Stencil:
        """The weights of the profile ``r^{|s|} e^{-r^2}``."""
        radius, kernels = self.radius(surface), Kernels(phase + 1, 1, self.degree)
        if isinstance(self.correction, Control):
            found = uncorrected(surface, radius, kernels, self.correction is Control.closed)
        else:
            found = stencils(surface, radius, kernels)
        return Stencil(found.pairs, *(values[:, phase, 0] for values in found.weights))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Meanwhile gauge convolutions are built with these weights.

        The negative control puts `uncorrected` in the place of the package's `stencils`. Replacing
        `correct` alone would not do: the weight of the vertex itself would still close the zeroth
        moment. A checkpoint holds no stencils: to load a control, build it in here again.
        """
        if not isinstance(self.correction, Control):
            yield
            return
        closed = self.correction is Control.closed

        def control(surface: Surface, radius: float, kernels: Kernels) -> Stencils:
            return uncorrected(surface, radius, kernels, closed)

        forget_stencils()
        aggregation.stencils = control
        try:
            yield
        finally:
            aggregation.stencils = stencils
            forget_stencils()


def forget_stencils() -> None:
    """Empty what the layer remembers of its stencils."""
    for found in vars(aggregation).values():
        if callable(getattr(found, "cache_clear", None)):
            found.cache_clear()


def uncorrected(surface: Surface, radius: float, kernels: Kernels, closed: bool) -> Stencils:
    """The samples ``g r^{2k} (x + i y)^s`` of kernels, as `stencils` has them before it corrects.

    Args:
        surface: the mesh.
        radius: of the support, a length; 0 for the one ring.
        kernels: which.
        closed: whether the vertex itself makes the zeroth moment that of the continuous kernel;
            otherwise it has the kernel's own value at r = 0.
    """
    pairs = neighbourhood(surface, radius)
    r = pairs.distance / width(surface, radius)
    gauss = surface.areas[pairs.vertex] * np.exp(-(r**2))
    total = surface.areas + np.bincount(pairs.base, gauss, minlength=len(surface))
    z = r * np.exp(1j * pairs.angle)
    shape = (kernels.frequencies, kernels.profiles)
    weights = np.empty((len(pairs), *shape), dtype=np.complex128)
    centre = np.zeros((len(surface), *shape), dtype=np.complex128)
    for s, k in kernels.all:
        weights[:, s, k] = gauss / total[pairs.base] * r ** (2 * k) * z**s
        if closed:
            centre[:, s, k] = moment(0, 0, s, k)
            np.subtract.at(centre[:, s, k], pairs.base, weights[:, s, k])
        elif s == k == 0:
            centre[:, s, k] = surface.areas / total
    asked = np.maximum(1, np.full(centre.shape, kernels.accuracy))  # nothing is lowered
    none = np.zeros((len(surface), kernels.frequencies), dtype=bool)
    return Stencils(pairs, Weights(weights, centre, asked), none, radius)


ONE_RINGS = tuple(KernelChoice(ONE_RING, c) for c in (*Control, 1, 2))
DISCS = tuple(KernelChoice(2.3, c) for c in (*Control, 1, 2, 3))
KERNELS = (*ONE_RINGS, *DISCS, KernelChoice(3.3, 3))
LENGTHS = tuple(KernelChoice(0, c, r) for r in (0.175, 0.35) for c in (Control.plain, 1, 3))
