"""The linear map of a residual connection: channels mixed, spectrum cut to the new grid."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn.spectral.fourier import Analysis, Synthesis
from gaugecnn.methods.s2cnn.spectral.fourier_grid import fourier_grid
from gaugecnn.methods.s2cnn.types import GroupType


class Resample(nn.Module):
    """A feature moved to another grid through its spectrum, cut to what both types hold."""

    def __init__(self, type_in: GroupType, type_out: GroupType) -> None:
        super().__init__()
        cutoff = min(type_in.bandwidth, type_out.bandwidth)
        order = min(type_in.order, type_out.order)
        grids = [fourier_grid(t, cutoff, order) for t in (type_in, type_out)]
        self.analysis, self.synthesis = Analysis(grids[0]), Synthesis(grids[1])

    def forward(self, x: Tensor, mix: Tensor | None = None) -> Tensor:
        """The feature, its channels mixed in the spectrum by a matrix ``(out, in)`` if given."""
        with torch.autocast(x.device.type, enabled=False):
            parts = self.analysis(x)
            if mix is not None:
                parts = [part @ mix.T.to(part) for part in parts]
            return self.synthesis(parts)


class DegreeCut(Layer):
    """A feature of the same type without the degrees that a nonlinearity has added to it.

    A product of degrees below L has degrees below 2 L - 1, and its grid tells from others what the
    next layer reads, degrees below L'. Added as it stands to what another nonlinearity reads, the
    rest would fold back there, and no rotation would commute with it.
    """

    def __init__(self, type_: GroupType) -> None:
        super().__init__(type_, type_)
        self.cut = Resample(type_, type_)

    def forward(self, x: Tensor) -> Tensor:
        return self.cut(x)


class SO3Shortcut(Layer):
    """``y_o = sum_i W_oi x_i`` at each rotation, on the grid and in the degrees of the output."""

    def __init__(self, type_in: GroupType, type_out: GroupType) -> None:
        super().__init__(type_in, type_out)
        bound = 1 / math.sqrt(type_in.channels)
        weight = torch.empty(type_out.channels, type_in.channels).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight)
        self.resample = Resample(type_in, type_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.resample(x, self.weight)
