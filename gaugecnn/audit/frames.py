"""A network in other frames: the same weights, its geometry computed anew."""

from __future__ import annotations

import warnings
from typing import TypeVar

from torch import nn

from gaugecnn.errors import GaugecnnWarning
from gaugecnn.layers import Layer
from gaugecnn.ops.shallow import shallow
from gaugecnn.surfaces.symmetry import FrameChange

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def reframed(network: ModuleT, change: FrameChange) -> ModuleT:
    """A copy of which every layer stands in the new frames; it shares its parameters.

    Args:
        network: any module.
        change: by how much every frame is turned.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GaugecnnWarning)  # said when the network was built
        return _reframed(network, change)


def _reframed(module: ModuleT, change: FrameChange) -> ModuleT:
    own = module.reframed(change) if isinstance(module, Layer) else module
    other = shallow(own)
    for name, child in other._modules.items():
        if child is not None:
            other._modules[name] = _reframed(child, change)
    return other  # type: ignore[return-value]
