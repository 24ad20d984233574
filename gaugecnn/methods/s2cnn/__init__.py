"""Spherical CNNs: convolutions on the sphere and on SO(3) by their Fourier transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.s2cnn.bounded import ProductNonlinearity, SpinProduct
    from gaugecnn.methods.s2cnn.family import S2CNNFamily, SO3Integral
    from gaugecnn.methods.s2cnn.grids import (
        s2_equatorial_grid,
        s2_near_identity_grid,
        so3_equatorial_grid,
        so3_near_identity_grid,
    )
    from gaugecnn.methods.s2cnn.layers import S2Conv, SO3Conv, SO3ToS2, so3_integrate
    from gaugecnn.methods.s2cnn.nonlinearity import Pointwise
    from gaugecnn.methods.s2cnn.normalisation import NormalisedConv, SO3BatchNorm
    from gaugecnn.methods.s2cnn.published.loading import load_published_state_dict
    from gaugecnn.methods.s2cnn.shortcut import DegreeCut, SO3Shortcut
    from gaugecnn.methods.s2cnn.spectral.transforms import SpectralTransform, rotate_spectrum
    from gaugecnn.methods.s2cnn.stage import Rings, S2CNNOptions, S2CNNStage, Support
    from gaugecnn.methods.s2cnn.types import S2Type, SO3Type, SpinType

__all__ = [
    "DegreeCut",
    "NormalisedConv",
    "Pointwise",
    "ProductNonlinearity",
    "ProductType",
    "Rings",
    "S2CNNFamily",
    "S2CNNOptions",
    "S2CNNStage",
    "S2Conv",
    "S2Type",
    "SO3BatchNorm",
    "SO3Conv",
    "SO3Integral",
    "SO3Shortcut",
    "SO3ToS2",
    "SO3Type",
    "SpectralTransform",
    "SpinProduct",
    "SpinType",
    "Support",
    "load_published_state_dict",
    "rotate_spectrum",
    "s2_equatorial_grid",
    "s2_near_identity_grid",
    "so3_equatorial_grid",
    "so3_integrate",
    "so3_near_identity_grid",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "bounded": ["ProductNonlinearity", "SpinProduct"],
        "family": ["S2CNNFamily", "SO3Integral"],
        "grids": [
            "s2_equatorial_grid",
            "s2_near_identity_grid",
            "so3_equatorial_grid",
            "so3_near_identity_grid",
        ],
        "layers": ["S2Conv", "SO3Conv", "SO3ToS2", "so3_integrate"],
        "nonlinearity": ["Pointwise"],
        "normalisation": ["NormalisedConv", "SO3BatchNorm"],
        "published.loading": ["load_published_state_dict"],
        "shortcut": ["DegreeCut", "SO3Shortcut"],
        "stage": ["Rings", "S2CNNOptions", "S2CNNStage", "Support"],
        "spectral.transforms": ["SpectralTransform", "rotate_spectrum"],
        "types": ["ProductType", "S2Type", "SO3Type", "SpinType"],
    },
)
