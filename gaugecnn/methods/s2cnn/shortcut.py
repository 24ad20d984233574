"""The linear map of a residual connection: channels mixed, spectrum cut to the new grid."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.fourier import Analysis, Synthesis, as_shown, as_stored
from gaugecnn.methods.s2cnn.fourier_grid import fourier_grid
from gaugecnn.methods.s2cnn.types import GroupType


class Resample(nn.Module):
    """A feature moved to another grid through its spectrum, cut to what both types hold."""

    def __init__(self, type_in: GroupType, type_out: GroupType) -> None:
        super().__init__()
        cutoff = min(type_in.bandwidth, type_out.bandwidth)
        order = min(type_in.order, type_out.order)
        grids = [fourier_grid(t, cutoff, order) for t in (type_in, type_out)]
        self.analysis, self.synthesis = Analysis(grids[0]), Synthesis(grids[1])

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return self.synthesis(self.analysis(x))


class SO3Shortcut(Layer):
    """``y_o = sum_i W_oi x_i`` at each rotation, on the grid and in the degrees of the output.

    The spectrum is resampled only where the two types differ in more than channels.
    """

    def __init__(self, type_in: GroupType, type_out: GroupType) -> None:
        super().__init__(type_in, type_out)
        bound = 1 / math.sqrt(type_in.channels)
        weight = torch.empty(type_out.channels, type_in.channels).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight)
        same = _without_channels(type_in) == _without_channels(type_out)
        self.resample = nn.Identity() if same else Resample(type_in, type_out)

    def forward(self, x: Tensor) -> Tensor:
        x = as_stored(self.resample(x))  # (alpha, gamma, batch, in, beta)
        points = x.flatten(0, 2)  # (alpha gamma batch, in, beta)
        y = torch.bmm(self.weight.expand(len(points), -1, -1), points)
        return as_shown(y.unflatten(0, x.shape[:3]))


def _without_channels(type_: GroupType) -> tuple[object, ...]:
    return (type_.bandwidth, type_.order, type_.grid)
