"""The type of a gauge feature: how many complex numbers of which order live at each vertex."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor

from gaugecnn.geometry.surface import Surface
from gaugecnn.layers import FeatureType
from gaugecnn.surfaces.domain import matching_points
from gaugecnn.surfaces.symmetry import FrameChange, Rotation, Symmetry

_TERM = re.compile(r"^\s*(\d+)\s*x\s*(\d+)\s*$")


@dataclass(frozen=True)
class GaugeType(FeatureType):
    """A sum of orders, written ``"16x0+8x1"``: multiplicity x order.

    An order-m feature is one complex number per vertex (one real for order 0); turning the frame
    at p by ``+a`` multiplies it by ``exp(-i m a)``. In memory: ``(batch, vertex, component)``,
    orders ascending, then channel, then (re, im).

    Args:
        multiplicities: channels of order 0, 1, 2, ...
        surface: the mesh level on which the feature lives.
    """

    multiplicities: tuple[int, ...]
    surface: Surface

    def __post_init__(self) -> None:
        if not self.multiplicities or min(self.multiplicities) < 0 or self.components == 0:
            raise ValueError(f"expected multiplicities >= 0, not all 0, got {self.multiplicities}")

    @classmethod
    def parse(cls, text: str, surface: Surface) -> GaugeType:
        """Read ``"16x0+8x1"``.

        Raises:
            ValueError: the text is not a sum of ``multiplicity x order``.
        """
        counts: dict[int, int] = {}
        for term in text.split("+"):
            match = _TERM.match(term)
            if match is None:
                raise ValueError(f'expected a gauge type such as "16x0+8x1", got "{text}"')
            counts[int(match[2])] = counts.get(int(match[2]), 0) + int(match[1])
        return cls(tuple(counts.get(m, 0) for m in range(max(counts) + 1)), surface)

    @property
    def components(self) -> int:
        """Real numbers per vertex."""
        return sum(c * (1 if m == 0 else 2) for m, c in enumerate(self.multiplicities))

    @property
    def orders(self) -> list[int]:
        """The orders that are present, ascending."""
        return [m for m, c in enumerate(self.multiplicities) if c > 0]

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.surface), self.components)

    @property
    def grid(self) -> object:
        return self.surface

    @property
    def widths(self) -> list[int]:
        """Components of each order that is present, ascending."""
        return [self.multiplicities[m] * (1 if m == 0 else 2) for m in self.orders]

    def blocks(self, feature: Tensor) -> list[Tensor]:
        """The orders of a feature, ``(batch, vertex, channel, re-im)`` each; one part for order 0.

        One split, whose gradient is one concatenation: slices would each fill a whole feature.
        """
        parts = feature.split(self.widths, dim=-1)
        pairs = zip(self.orders, parts, strict=True)
        return [part.unflatten(-1, (-1, 2 if m else 1)) for m, part in pairs]

    def slice_of(self, order: int) -> slice:
        """The components of an order."""
        widths = [c * (1 if m == 0 else 2) for m, c in enumerate(self.multiplicities)]
        start = sum(widths[:order])
        return slice(start, start + widths[order])

    def block(self, feature: Tensor, order: int) -> Tensor:
        """One order of a feature, ``(batch, vertex, channel, re-im)``; one part for order 0."""
        part = feature[..., self.slice_of(order)]
        return part.unflatten(-1, (self.multiplicities[order], 1 if order == 0 else 2))

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        if isinstance(symmetry, FrameChange):
            return self._turn(feature, -self._angles(symmetry).to(feature))
        if not isinstance(symmetry, Rotation):
            raise ValueError(f"{symmetry.name} does not act on a gauge feature")
        points = torch.from_numpy(self.surface.vertices)
        matrix = symmetry.matrix.double()
        index = matching_points(points, points @ matrix, self.surface.title)
        # The frame carried from R^-1 x to x makes an angle with the frame there; components
        # in the carried frame are turned into components in the local one.
        frames = torch.from_numpy(self.surface.frames)
        carried = frames[index, 0] @ matrix.T  # (vertex, xyz): R e1(R^-1 x)
        angle = torch.atan2((carried * frames[:, 1]).sum(-1), (carried * frames[:, 0]).sum(-1))
        return self._turn(feature[:, index], angle.to(feature))

    def _angles(self, change: FrameChange) -> Tensor:
        """By how much the frames of the level turn, of its vertices or of all those of the mesh."""
        given, finest = len(change.angles), len(self.surface.tangent.frames)
        if given not in (len(self.surface), finest):
            raise ValueError(
                f"expected {len(self.surface)} frames to change, or {finest} of the whole mesh, "
                f"got {given}"
            )
        return change.angles if given == len(self.surface) else change.angles[self.surface.index]

    def _turn(self, feature: Tensor, angle: Tensor) -> Tensor:
        """Multiply order m by ``exp(i m angle)``, angle ``(vertex,)``."""
        parts = []
        for m in self.orders:
            part = self.block(feature, m)  # (batch, vertex, channel, re-im)
            if m > 0:
                c, s = torch.cos(m * angle)[:, None], torch.sin(m * angle)[:, None]
                re, im = part.unbind(-1)
                part = torch.stack([c * re - s * im, s * re + c * im], dim=-1)
            parts.append(part.flatten(-2))
        return torch.cat(parts, dim=-1)

    def __str__(self) -> str:
        text = "+".join(f"{c}x{m}" for m, c in enumerate(self.multiplicities) if c > 0)
        return f"{text} on {len(self.surface)} vertices"
