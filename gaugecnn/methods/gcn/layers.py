"""Isotropic layers on a mesh: Chebyshev graph convolution, level pooling, integration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gaugecnn.geometry.surface import Surface
from gaugecnn.layers import FeatureType, Integral, Layer, Projection, SignalType
from gaugecnn.ops.batch_norm import WeightedBatchNorm
from gaugecnn.ops.outline import outlined
from gaugecnn.ops.resampling import pooling_matrix, unpooling_matrix
from gaugecnn.ops.sparse import SparseMap
from gaugecnn.ops.stencil import REACH
from gaugecnn.surfaces.domain import matching_points
from gaugecnn.surfaces.symmetry import FrameChange, Rotation, Symmetry


@dataclass(frozen=True)
class VertexType(FeatureType):
    """Scalars at the vertices of a mesh level, ``(batch, channel, vertex)``."""

    channels: int
    surface: Surface

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, len(self.surface))

    @property
    def grid(self) -> object:
        return self.surface

    def transform(self, symmetry: Symmetry, feature: Tensor) -> Tensor:
        if isinstance(symmetry, FrameChange):
            return feature
        if not isinstance(symmetry, Rotation):
            raise ValueError(f"{symmetry.name} does not act on {self}")
        points = torch.from_numpy(self.surface.vertices)
        index = matching_points(points, points @ symmetry.matrix.double(), self.surface.title)
        return feature[..., index]

    def __str__(self) -> str:
        return f"{self.channels} scalars on {len(self.surface)} vertices"


class ChebyshevConvolution(Layer):
    """PyTorch Geometric's `ChebConv` on the edges of one mesh level (Defferrard et al. 2016).

    ``y = sum_k T_k(L) x Theta_k`` with the scaled Laplacian ``L = L_sym - 1`` of the graph.

    Args:
        type_in: type of the input.
        type_out: type of the output, on the same level.
        hops: number of polynomials K; the support has K - 1 rings.
    """

    def __init__(self, type_in: VertexType, type_out: VertexType, hops: int) -> None:
        super().__init__(type_in, type_out)
        channels = type_in.channels, type_out.channels
        self.convolution: nn.Module
        if outlined():
            self.convolution = ChebyshevParameters(*channels, hops)
            return
        target, source = type_in.surface.mesh.neighbours
        edges = torch.from_numpy(np.stack([source, target]))  # messages run q to p
        vertices = len(type_in.surface)
        from gaugecnn.methods.gcn.chebyshev import MeshChebConv  # slow to import

        self.convolution = MeshChebConv(*channels, hops, edges, vertices)

    def forward(self, x: Tensor) -> Tensor:
        vertices = x.transpose(1, 2)  # (batch, vertex, channel)
        return self.convolution(vertices).transpose(1, 2)


class ChebyshevParameters(nn.Module):
    """The parameters of `ChebConv`, by the same names, for a network in outline.

    They are written down once more because PyTorch Geometric takes seconds to import.
    """

    def __init__(self, in_channels: int, out_channels: int, hops: int) -> None:
        super().__init__()
        linear = [nn.Linear(in_channels, out_channels, bias=False) for _ in range(hops)]
        self.lins = nn.ModuleList(linear)
        self.bias = nn.Parameter(torch.zeros(out_channels))


class LevelMap(Layer):
    """Scalars moved between two levels: a Gaussian going down, interpolation going up.

    Args:
        type_in: type of the feature.
        surface: the level that it is moved to.
    """

    def __init__(self, type_in: VertexType, surface: Surface) -> None:
        super().__init__(type_in, VertexType(type_in.channels, surface))
        if outlined():
            return
        here = type_in.surface
        if len(surface) > len(here):
            self.map = SparseMap(unpooling_matrix(here, surface, 0).real)
        else:
            self.map = SparseMap(pooling_matrix(here, surface, 0, REACH * surface.mean_edge).real)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, _ = x.shape
        moved = self.map(x.permute(2, 0, 1).flatten(1))  # (vertex, batch * channel)
        return moved.view(-1, batch, channels).permute(1, 2, 0)


class VertexMix(Layer):
    """A linear map of the channels at each vertex: a 1 x 1 convolution."""

    def __init__(self, type_in: VertexType, type_out: VertexType) -> None:
        super().__init__(type_in, type_out)
        self.linear = nn.Conv1d(type_in.channels, type_out.channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class VertexBatchNorm(Layer):
    """Batch norm of each channel over the batch and the surface with its area element."""

    def __init__(self, type_: VertexType) -> None:
        super().__init__(type_, type_)
        areas = torch.from_numpy(type_.surface.areas / type_.surface.total_area)
        self.norm = WeightedBatchNorm(areas, [1] * type_.channels, type_.channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, 2)).transpose(1, 2)  # (batch, vertex, channel) inside


class ReLU(Layer):
    """ReLU at each vertex."""

    def __init__(self, type_: VertexType) -> None:
        super().__init__(type_, type_)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


class VertexField(Projection):
    """A last convolution whose channels are the scalar field ``(batch, channel, vertex)``."""

    def __init__(self, layer: Layer, type_out: SignalType) -> None:
        super().__init__(layer.type_in, type_out)
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class AreaMean(Integral):
    """Area-weighted mean over the surface, ``(batch, channel)``."""

    def __init__(self, type_in: VertexType) -> None:
        super().__init__()
        self.type_in, self.features = type_in, type_in.channels
        areas = torch.from_numpy(type_in.surface.areas / type_in.surface.total_area)
        self._areas: Tensor
        self.register_buffer("_areas", areas, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self._areas.to(x)
