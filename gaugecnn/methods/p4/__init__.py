"""Convolutions over the group of quarter turns and shifts (Cohen & Welling 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.p4.convolutions import P4ConvP4, P4ConvZ2
    from gaugecnn.methods.p4.family import P4Family
    from gaugecnn.methods.p4.layers import (
        CosetPooling,
        P4BatchNorm,
        P4Convolution,
        P4Integral,
        P4Projection,
        P4ReLU,
        P4Shortcut,
    )
    from gaugecnn.methods.p4.stage import P4Stage
    from gaugecnn.methods.p4.types import P4Type
    from gaugecnn.ops.plane_type import PlaneType

__all__ = [
    "CosetPooling",
    "P4BatchNorm",
    "P4ConvP4",
    "P4ConvZ2",
    "P4Convolution",
    "P4Family",
    "P4Integral",
    "P4Projection",
    "P4ReLU",
    "P4Shortcut",
    "P4Stage",
    "P4Type",
    "PlaneType",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "convolutions": ["P4ConvP4", "P4ConvZ2"],
        "family": ["P4Family"],
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
        "stage": ["P4Stage"],
        "types": ["P4Type"],
    },
)
