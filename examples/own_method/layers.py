"""The layers that `cnn` does not have: maps on Gauss-Legendre rings, convolved and averaged."""

import numpy as np
import torch
from torch import Tensor, nn
from torch_harmonics import DiscreteContinuousConvS2, DiscreteContinuousConvTransposeS2
from torch_harmonics.quadrature import legendre_gauss_weights

from gaugecnn.layers import Integral, Layer, Projection, SignalType
from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.surfaces.lat_lon import soft_colatitudes

RINGS = "legendre-gauss"


class DiscoConvolution(Layer):
    """An isotropic kernel: a sum of `hats`, piecewise linear in the distance, out to a radius."""

    def __init__(self, type_in: PlaneType, type_out: PlaneType, radius: float, hats: int) -> None:
        super().__init__(type_in, type_out)
        up = type_out.height > type_in.height
        kind = DiscreteContinuousConvTransposeS2 if up else DiscreteContinuousConvS2
        channels, grids = (type_in.channels, type_out.channels), (type_in.grid, type_out.grid)
        options = {"grid_in": RINGS, "grid_out": RINGS, "theta_cutoff": radius}
        self.conv = kind(*channels, *grids, 2 * hats - 1, **options)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Rings(nn.Module):
    """Maps from the rings of the grid to those of Gauss-Legendre or back, linear between rings."""

    def __init__(self, size: int, onto_grid: bool) -> None:
        super().__init__()
        grid, legendre = soft_colatitudes(size // 2).numpy(), colatitudes(size)
        source, target = (legendre, grid) if onto_grid else (grid, legendre)
        across = np.concatenate([[-source[0]], source, [2 * np.pi - source[-1]]])
        weights = [np.interp(target, across, hat) for hat in np.eye(size + 2)]
        self.register_buffer("weights", torch.tensor(np.array(weights)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        turned = x.roll(x.shape[-1] // 2, -1)  # beyond a pole a ring goes on half a turn away
        x = torch.cat([turned[..., :1, :], x, turned[..., -1:, :]], dim=-2)
        return torch.einsum("st,bcsa->bcta", self.weights.to(x), x)


class Lift(Layer):
    """A signal on the grid to a map on Gauss-Legendre rings, convolved."""

    def __init__(self, signal: SignalType, conv: DiscoConvolution) -> None:
        super().__init__(signal, conv.type_out)
        self.rings, self.conv = Rings(signal.shape[1], onto_grid=False), conv

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.rings(x))


class Fields(Projection):
    """A last convolution, brought back to the grid."""

    def __init__(self, conv: DiscoConvolution, signal: SignalType) -> None:
        super().__init__(conv.type_in, signal)
        self.conv, self.rings = conv, Rings(signal.shape[1], onto_grid=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rings(self.conv(x))


class AreaMean(Integral):
    """The mean over the sphere, exact for what the rings can hold."""

    def __init__(self, type_in: PlaneType) -> None:
        super().__init__()
        self.type_in, self.features = type_in, type_in.channels
        weights = torch.as_tensor(legendre_gauss_weights(type_in.height)[1]) / 2
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=-1) @ self.weights.to(x)  # (batch, channel, beta) -> (batch, channel)


def colatitudes(size: int) -> np.ndarray:
    """Of the Gauss-Legendre rings, from the north pole on."""
    return np.sort(np.arccos(np.asarray(legendre_gauss_weights(size)[0])))
