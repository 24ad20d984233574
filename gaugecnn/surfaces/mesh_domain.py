"""What all surfaces of triangles have: their vertices are the points, each with a frame."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import torch
from torch import Tensor

from gaugecnn.choices import FrameChoice, choice
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.surface import Surface
from gaugecnn.surfaces.domain import Domain


class MeshDomain(Domain):
    """A domain whose points are the vertices of a surface.

    Attributes:
        surface: its connectivity, areas and tangent geometry.
        frames: (e1, e2, n) at each vertex ``(vertex, frame vector, xyz)``.
    """

    frames: Tensor

    def __init__(self, surface: Surface, frames: FrameChoice | str, frame_seed: int) -> None:
        super().__init__(
            (len(surface),), torch.from_numpy(surface.vertices), torch.from_numpy(surface.areas)
        )
        if choice(FrameChoice, frames, "domain.frames") is FrameChoice.random:
            random = np.random.default_rng(frame_seed)
            surface = surface.turned(random.uniform(0, 2 * math.pi, len(surface)))
        self.surface = surface
        self.register_buffer("frames", torch.from_numpy(surface.frames), persistent=False)

    @property
    def title(self) -> str:
        return self.surface.title

    @property
    def normals(self) -> Tensor:
        return self.frames[:, 2]

    def discs(self, radius: float) -> Discs:
        """All pairs of vertices at most `radius` apart, with logarithm and transport, see `Discs`.

        Args:
            radius: a length on the surface of area ``4 pi``.
        """
        return self.surface.discs(radius)

    @property
    def fingerprint(self) -> str:
        """A digest of vertices and faces: files of one name may hold different surfaces."""
        arrays = self.surface.vertices.tobytes() + self.surface.faces.tobytes()
        return hashlib.sha256(arrays).hexdigest()[:8]
