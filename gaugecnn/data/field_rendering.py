"""Fields on a domain: turned, in units of their deviation, beside what the surface itself says."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gaugecnn.data.batch import Batch, SignalRenderer
from gaugecnn.data.description import Description
from gaugecnn.data.fields import FieldHalf, Layout, Target
from gaugecnn.data.inputs import SurfaceInputs
from gaugecnn.data.resampling import map_reader
from gaugecnn.data.turning import PointReader
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import Domain, PoseDistribution, SphereDomain


class RawFields(NamedTuple):
    """What the loader gives: fields and how they are turned.

    Attributes:
        values: ``(batch, channel, *axes)``.
        targets: as `FieldHalf` holds them.
        rotations: ``(batch, 3, 3)``, or None for none.
    """

    values: Tensor
    targets: Tensor
    rotations: Tensor | None


class FieldRenderer(SignalRenderer):
    """Fields on a domain, turned, in units of their deviation, beside what the surface itself says.

    Args:
        domain: where they are read.
        half: of which kind they are.
        description: their means and deviations; vectors come behind the scalars.
        surface: what is read of the surface itself.
    """

    mean: Tensor
    deviation: Tensor
    scalars: Tensor
    vectors: Tensor

    def __init__(
        self, domain: Domain, half: FieldHalf, description: Description, surface: SurfaceInputs
    ) -> None:
        super().__init__()
        self.domain, self.kind = domain, half.kind
        maps = half.layout is Layout.equirectangular
        size = half.values.shape[-2:]
        self.reader = map_reader(domain, (size[0], size[1])) if maps else PointReader(domain)
        points = (-1, *[1] * len(domain.shape))
        numbers = {"mean": description.mean, "deviation": description.deviation}
        for name, given in numbers.items():
            self.register_buffer(name, torch.tensor(given).view(points), persistent=False)
        self.register_buffer("scalars", surface.scalars, persistent=False)
        self.register_buffer("vectors", surface.vectors, persistent=False)

    @torch.no_grad()
    def forward(self, raw: RawFields) -> Batch:
        rotations, count = raw.rotations, len(raw.values)
        values = self.reader.fields(raw.values, rotations)
        if len(self.mean):
            values = (values - self.mean) / self.deviation
        values = values * (self.domain.areas > 0).view(self.domain.shape)  # none outside a chart
        own = [x.expand(count, *x.shape) for x in (self.scalars, self.vectors)]
        signal = torch.cat([values, *own], 1)
        if self.kind in (Target.labels, Target.numbers):
            return Batch(signal, raw.targets, None)
        if self.kind is Target.masks:
            return Batch(signal, None, self.reader.labels(raw.targets, rotations))
        if self.kind is Target.fields:
            return Batch(signal, None, self.reader.fields(raw.targets, rotations))
        return Batch(signal, None, self._turned(raw.targets, rotations))

    def shown(self, signal: Tensor) -> Tensor:
        """The first channel of a signal as a grey value, two deviations on either side of 1/2."""
        return (0.5 + signal[:1] / 4).clamp(0, 1)

    def _turned(self, vectors: Tensor, rotations: Tensor | None) -> Tensor:
        """``R v(R^T x)``, tangent to the surface, ``(batch, output, xyz, *domain.shape)``."""
        moved = self.reader.fields(vectors.flatten(1, 2), rotations).unflatten(1, (-1, 3))
        if rotations is not None:
            moved = torch.einsum("bxy,boy...->box...", rotations.to(moved), moved)
        return tangential(moved, self.domain)


def check_turned(given: str, pose: PoseDistribution, domain: Domain) -> None:
    """Refuse poses of fields where there are none.

    Raises:
        UserError: the word or option that gave them.
    """
    if pose is not PoseDistribution.none and not isinstance(domain, SphereDomain):
        raise UserError(f"{given}={pose}: fields are turned on spheres, got {domain.title}")


def tangential(vectors: Tensor, domain: Domain) -> Tensor:
    """The part of vectors ``(batch, output, xyz, *domain.shape)`` that lies in the surface."""
    normals = domain.normals.to(vectors).nan_to_num().T.view(3, *domain.shape)
    return vectors - (vectors * normals).sum(2, keepdim=True) * normals
