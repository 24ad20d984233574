"""The same layers in other frames: surfaces, types and domains with every frame turned.

What a layer keeps of the geometry is computed anew in the new frames; the parameters are the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import torch

from gaugecnn.geometry.surface import Surface
from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.shallow import shallow
from gaugecnn.surfaces.mesh_domain import MeshDomain
from gaugecnn.surfaces.symmetry import FrameChange

LayerT = TypeVar("LayerT", bound=Layer)


@lru_cache(maxsize=16)  # layers on one level share its stencils
def turned_surface(surface: Surface, change: FrameChange) -> Surface:
    """A level of a surface, its frames and those of all its levels turned."""
    return surface.turned(change.angles.cpu().numpy())


def turned_type(type_: GaugeType, change: FrameChange) -> GaugeType:
    """The same orders in the new frames."""
    return GaugeType(type_.multiplicities, turned_surface(type_.surface, change))


def turned_domain(domain: MeshDomain, change: FrameChange) -> MeshDomain:
    """A domain of the same points in the new frames."""
    other = shallow(domain)
    other.surface = turned_surface(domain.surface, change)
    other.frames = torch.from_numpy(other.surface.frames).to(domain.frames.device)
    return other


def like(layer: LayerT, other: LayerT) -> LayerT:
    """A layer that was built anew, with the parameters, precision and mode of the given one."""
    other.load_state_dict(layer.state_dict())
    for parameter in layer.parameters():
        other = other.to(parameter)
        break
    return other.train(layer.training)
