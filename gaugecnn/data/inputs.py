"""What a network reads: the values of the data, or what the surface itself says at each point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gaugecnn.data.input_names import Input
from gaugecnn.errors import UserError
from gaugecnn.surfaces.descriptors import curvatures, heat_kernel_signature
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.mesh_domain import MeshDomain

TIMES = 8
"""Of the heat kernel signature."""


@dataclass(frozen=True)
class SurfaceInputs:
    """What a surface says at each point, the same for every sample.

    Args:
        scalars: ``(channel, *domain.shape)``.
        vectors: ``(vector xyz, *domain.shape)``.
    """

    scalars: Tensor
    vectors: Tensor


def surface_inputs(domain: Domain, inputs: tuple[Input, ...]) -> SurfaceInputs:
    """The parts of ``data.input`` that are of the surface.

    Scalars are in units of their standard deviation over the surface, positions of their root mean
    square from the centre.

    Raises:
        UserError: the domain is no mesh.
    """
    wanted = [part for part in inputs if part is not Input.values]
    empty = torch.zeros(0, *domain.shape)
    if not wanted:
        return SurfaceInputs(empty, empty)
    if not isinstance(domain, MeshDomain):
        raise UserError(f"data.input={'+'.join(wanted)} is of meshes, got {domain.title}")
    surface = domain.surface
    areas = surface.areas / surface.areas.sum()
    scalars = []
    if Input.curvature in wanted:
        scalars.append(curvatures(surface.vertices, surface.faces))
    if Input.hks in wanted:
        scalars.append(heat_kernel_signature(surface.vertices, surface.faces, TIMES))
    vectors = empty
    if Input.xyz in wanted:
        centred = surface.vertices - areas @ surface.vertices
        size = math.sqrt(float(areas @ (centred**2).sum(axis=1)))
        vectors = torch.from_numpy(centred.T / size).float()
    if not scalars:
        return SurfaceInputs(empty, vectors)
    values = np.concatenate(scalars, axis=1)  # (vertex, channel)
    values = values - areas @ values
    deviation = np.sqrt(areas @ values**2)
    return SurfaceInputs(
        torch.from_numpy((values / np.maximum(deviation, 1e-12)).T).float(), vectors
    )
