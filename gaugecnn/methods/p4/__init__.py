"""Convolutions over quarter turns and shifts, or reflections too (Cohen & Welling 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.p4.convolutions import P4ConvP4, P4ConvZ2, P4MConvP4M, P4MConvZ2
    from gaugecnn.methods.p4.cosets import Cosets
    from gaugecnn.methods.p4.cube_family import CubeP4Family
    from gaugecnn.methods.p4.cube_layers import (
        CubeP4Convolution,
        CubeP4Integral,
        CubeP4Projection,
        CubeP4Shortcut,
    )
    from gaugecnn.methods.p4.cube_types import CubeP4Type
    from gaugecnn.methods.p4.family import P4Family
    from gaugecnn.methods.p4.group import PlaneGroup
    from gaugecnn.methods.p4.layers import (
        CosetPooling,
        P4BatchNorm,
        P4Convolution,
        P4Integral,
        P4Projection,
        P4ReLU,
        P4Shortcut,
    )
    from gaugecnn.methods.p4.options import GroupName, P4Options, Subsampling
    from gaugecnn.methods.p4.stage import P4Stage
    from gaugecnn.methods.p4.subsampling import (
        CosetChoice,
        CosetConvolution,
        CosetMaxPool,
        CosetShortcut,
    )
    from gaugecnn.methods.p4.types import P4Type
    from gaugecnn.ops.plane_type import PlaneType

__all__ = [
    "CosetChoice",
    "CosetConvolution",
    "CosetMaxPool",
    "CosetPooling",
    "CosetShortcut",
    "Cosets",
    "CubeP4Convolution",
    "CubeP4Family",
    "CubeP4Integral",
    "CubeP4Projection",
    "CubeP4Shortcut",
    "CubeP4Type",
    "GroupName",
    "P4BatchNorm",
    "P4ConvP4",
    "P4ConvZ2",
    "P4Convolution",
    "P4Family",
    "P4Integral",
    "P4MConvP4M",
    "P4MConvZ2",
    "P4Options",
    "P4Projection",
    "P4ReLU",
    "P4Shortcut",
    "P4Stage",
    "P4Type",
    "PlaneGroup",
    "PlaneType",
    "Subsampling",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "cube_family": ["CubeP4Family"],
        "cube_layers": [
            "CubeP4Convolution",
            "CubeP4Integral",
            "CubeP4Projection",
            "CubeP4Shortcut",
        ],
        "cube_types": ["CubeP4Type"],
        "convolutions": ["P4ConvP4", "P4ConvZ2", "P4MConvP4M", "P4MConvZ2"],
        "cosets": ["Cosets"],
        "family": ["P4Family"],
        "group": ["PlaneGroup"],
        "layers": [
            "CosetPooling",
            "P4BatchNorm",
            "P4Convolution",
            "P4Integral",
            "P4Projection",
            "P4ReLU",
            "P4Shortcut",
            "PlaneType",
        ],
        "options": ["GroupName", "P4Options", "Subsampling"],
        "stage": ["P4Stage"],
        "subsampling": ["CosetChoice", "CosetConvolution", "CosetMaxPool", "CosetShortcut"],
        "types": ["P4Type"],
    },
)
