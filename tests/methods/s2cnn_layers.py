"""One small layer of each kind."""

from __future__ import annotations

from gaugecnn.methods.s2cnn import (
    Rings,
    S2Conv,
    SO3Conv,
    SO3ToS2,
    s2_near_identity_grid,
    so3_near_identity_grid,
)
from gaugecnn.methods.s2cnn.rings import RingGrid

PUBLISHED = {
    "normalisation": "none",
    "grid": "equiangular",
    "sampling": 1.0,
    "nonlinearity": "relu",
}
"""Options of the published networks."""

S2_GRID = s2_near_identity_grid(0.7, 5, 2)
SO3_GRID = so3_near_identity_grid(0.7, 4, 2, 3)


def s2_conv(bandwidths, samplings, max_order, grid=Rings.equiangular) -> S2Conv:
    sampling_in, sampling_out = samplings
    return S2Conv(
        2, 3, *bandwidths, S2_GRID,
        sampling_in=sampling_in, sampling_out=sampling_out, max_order=max_order, grid=grid,
    )  # fmt: skip


def so3_conv(bandwidths, samplings, max_order, grid=Rings.equiangular) -> SO3Conv:
    sampling_in, sampling_out = samplings
    return SO3Conv(
        2, 3, *bandwidths, SO3_GRID,
        sampling_in=sampling_in, sampling_out=sampling_out,
        max_order_in=max_order, max_order_out=max_order, grid=grid,
    )  # fmt: skip


def so3_to_s2(bandwidths, samplings, max_order, grid=Rings.equiangular) -> SO3ToS2:
    sampling_in, sampling_out = samplings
    return SO3ToS2(
        2, 3, *bandwidths, SO3_GRID,
        sampling_in=sampling_in, sampling_out=sampling_out, max_order=max_order, grid=grid,
    )  # fmt: skip


LAYERS = {"s2": s2_conv, "so3": so3_conv, "to_s2": so3_to_s2}


def soft(bandwidth: int) -> RingGrid:
    """The published rings."""
    return RingGrid(Rings.equiangular, bandwidth)
