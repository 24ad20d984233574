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

from gaugecnn.geometry.surface import Surface
from gaugecnn.methods.gauge import aggregation
from gaugecnn.ops.stencil import ONE_RING, Neighbourhood, Stencil, moment, neighbourhood, stencil


class Control(StrEnum):
    """Stencils without the correction: the negative controls."""

    plain = "plain"
    closed = "constants only"


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

    def near(self, surface: Surface) -> Neighbourhood:
        """The neighbours that the stencil reads."""
        return neighbourhood(surface, self.radius(surface))

    def stencil(self, surface: Surface, phase: int) -> Stencil:
        """The weights of the profile ``r^{|s|} e^{-r^2}``."""
        radius = self.radius(surface)
        if isinstance(self.correction, Control):
            return uncorrected(surface, radius, phase, 0, self.correction is Control.closed)
        return stencil(surface, radius, phase, 0, self.degree)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Meanwhile gauge convolutions are built with these weights.

        The negative control puts `uncorrected` in the place of the package's `stencil`. Replacing
        `correct` alone would not do: the weight of the vertex itself would still close the zeroth
        moment. A checkpoint holds no stencils: to load a control, build it in here again.
        """
        if not isinstance(self.correction, Control):
            yield
            return
        closed = self.correction is Control.closed

        def control(surface: Surface, radius: float, phase: int, profile: int, _: int) -> Stencil:
            return uncorrected(surface, radius, phase, profile, closed)

        forget_stencils()
        aggregation.stencil = control
        try:
            yield
        finally:
            aggregation.stencil = stencil
            forget_stencils()


def forget_stencils() -> None:
    """Empty what the layer remembers of its stencils."""
    for found in vars(aggregation).values():
        if callable(getattr(found, "cache_clear", None)):
            found.cache_clear()


def uncorrected(surface: Surface, radius: float, phase: int, profile: int, closed: bool) -> Stencil:
    """The samples ``g r^{2k} (x + i y)^s`` of a kernel, as `stencil` has them before it corrects.

    Args:
        surface: the mesh.
        radius: of the support, a length; 0 for the one ring.
        phase: s >= 0.
        profile: k.
        closed: whether the vertex itself makes the zeroth moment that of the continuous kernel;
            otherwise it has the kernel's own value at r = 0.
    """
    near = neighbourhood(surface, radius)
    gauss = np.where(near.valid, surface.areas[near.index] * np.exp(-(near.distance**2)), 0.0)
    total = surface.areas + gauss.sum(axis=1)
    z = near.distance * np.exp(1j * near.theta)
    weights = gauss / total[:, None] * near.distance ** (2 * profile) * z**phase
    at_zero = float(phase == 0 and profile == 0)
    centre = (surface.areas / total * at_zero).astype(np.complex128)
    if closed:
        centre = moment(0, 0, phase, profile) - weights.sum(axis=1)
    asked = np.ones(len(surface), dtype=np.int64)  # as `KernelChoice.degree`: nothing is lowered
    return Stencil(weights, centre, asked)


ONE_RINGS = tuple(KernelChoice(ONE_RING, c) for c in (*Control, 1, 2))
DISCS = tuple(KernelChoice(2.3, c) for c in (*Control, 1, 2, 3))
KERNELS = (*ONE_RINGS, *DISCS, KernelChoice(3.3, 3))
LENGTHS = tuple(KernelChoice(0, c, r) for r in (0.175, 0.35) for c in (Control.plain, 1, 3))
