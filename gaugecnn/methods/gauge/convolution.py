"""Gauge-equivariant convolution between arbitrary types.

    f'_m(p) = sum_nk [ K_mnk A_n^{m-n,k}(p) + K'_mnk conj(A_n^{-(m+n),k}(p)) ] + S_m f_m(p) + bias

(de Haan et al. 2021, eq. 4; Cohen et al. 2019). Neighbours are aggregated once per (order n,
frequency s, profile k), see `aggregation`; channels are then mixed by one matrix product per
vertex, so that mixing grows with vertices and not with edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from gaugecnn.geometry.surface import Surface
from gaugecnn.layers import Layer
from gaugecnn.methods.gauge.aggregation import aggregation, parts_of, surface_geometry
from gaugecnn.methods.gauge.fit import warn_of_misfits
from gaugecnn.methods.gauge.geometry import Geometry
from gaugecnn.methods.gauge.paths import Path, aggregates, check_reached, paths_between
from gaugecnn.methods.gauge.reframing import like, turned_type
from gaugecnn.methods.gauge.stage import KernelSpec
from gaugecnn.methods.gauge.types import GaugeType
from gaugecnn.ops.kept import Keeping
from gaugecnn.ops.outline import outlined
from gaugecnn.ops.sparse import SparseMap
from gaugecnn.surfaces.mesh_domain import MeshDomain
from gaugecnn.surfaces.symmetry import FrameChange

if TYPE_CHECKING:  # slow to import, and layers on one mesh do without it
    from torch_geometric.data import Data


class GaugeConv(Layer, Keeping):
    """Convolution of gauge features, independent of the choice of frames.

    On the mesh of the layer, many signals at a time: ``layer(x (batch, vertex, component))``. The
    parameters know of no mesh, so that the layer also takes other meshes, one or a
    `torch_geometric.data.Batch` of them: ``layer(batch.x (vertex, component), batch)``, see
    `mesh_geometry`.

    Parameters: `kernel`, the real numbers of all paths one after the other, each
    ``(out channel, in channel, re-im)`` (see `paths`), and `bias` of order 0. The matrix that mixes
    channels is kept while nothing is learned.

    Args:
        type_in: type of the input, such as ``"1x0"``, or a `GaugeType`.
        type_out: type of the output.
        domain: the mesh, as a domain or a surface.
        kernel: the stencils; the one ring by default.
        bias: add a constant to order 0; pointless, and harmful to Adam, before a batch norm.

    Attributes:
        lowered: vertices where a stencil has a lower accuracy than the kernel asks for, or is
            that of the one ring in its place.

    Raises:
        UserError: no path leads to an order of the output: its channels would be 0, always.
        ValueError: a type does not live on the mesh, or no vertex resolves a frequency of the
            kernel.

    Warns:
        GaugecnnWarning: the mesh is too coarse somewhere for the kernel, as far as it is read.
    """

    type_in: GaugeType
    type_out: GaugeType

    def __init__(
        self,
        type_in: str | GaugeType,
        type_out: str | GaugeType,
        domain: MeshDomain | Surface,
        kernel: KernelSpec | None = None,
        bias: bool = True,
    ) -> None:
        surface = domain if isinstance(domain, Surface) else domain.surface
        super().__init__(_bound(type_in, surface), _bound(type_out, surface))
        self.stencils = kernel or KernelSpec()
        self.paths = paths_between(self.type_in, self.type_out, self.stencils)
        check_reached(self.paths, self.type_in, self.type_out, self.stencils)
        self._aggregates = {
            n: aggregates(n, self.paths) for n in self.type_in.orders
        }  # order -> the (frequency, profile) that some path reads
        self.aggregate = nn.ModuleDict()
        self.lowered = 0
        if not outlined():
            self._read(surface)
        # The rows of the mixing matrix that read each order's aggregates, then those of x itself.
        self._widths = [
            self.type_in.multiplicities[n] * sum(parts_of(n, s) for s, _ in reads)
            for n, reads in self._aggregates.items()
        ]
        self._widths.append(self.type_in.components)
        index, sign, scale = self._layout()
        self._index: Tensor
        self._sign: Tensor
        self.register_buffer("_index", torch.from_numpy(index), persistent=False)
        self.register_buffer("_sign", torch.from_numpy(sign).float(), persistent=False)
        self.kernel = nn.Parameter(torch.from_numpy(scale).float() * torch.randn(len(scale)))
        invariants = self.type_out.multiplicities[0]
        self.bias = nn.Parameter(torch.zeros(invariants)) if bias and invariants else None

    def forward(self, x: Tensor, geometry: Data | None = None) -> Tensor:
        """``(batch, vertex, component)`` on the layer's mesh, ``(vertex, component)`` on others.

        Args:
            x: the feature.
            geometry: one mesh or a batch of meshes, from `mesh_geometry` with the layer's kernel.

        Raises:
            ValueError: the geometry was made for another kernel, or for other vertices.
        """
        if geometry is None:
            return self._convolved(x, {n: self.aggregate[str(n)] for n in self.type_in.orders})
        kernels = geometry.kernel if isinstance(geometry.kernel, list) else [geometry.kernel]
        wrong = [kernel for kernel in kernels if kernel != self.stencils]
        if wrong:
            raise ValueError(f"expected a geometry for {self.stencils}, got one for {wrong[0]}")
        expected = (geometry.num_nodes, self.type_in.components)
        if tuple(x.shape) != expected:
            raise ValueError(f"expected (vertex, component) = {expected}, got {tuple(x.shape)}")
        return self._convolved(x[None], self._maps(geometry))[0]

    def _read(self, surface: Surface) -> None:
        """Keep the aggregation of each order on the mesh of the layer."""
        geometry = surface_geometry(surface, self.stencils)
        read = {abs(s) for reads in self._aggregates.values() for s, _ in reads}
        warn_of_misfits(geometry, surface, read)
        self.aggregate.update({str(n): m for n, m in self._maps(geometry).items()})
        self.lowered = int(geometry.lowered)

    def _maps(self, geometry: Geometry | Data) -> dict[int, SparseMap]:
        """The aggregation of each order on a geometry."""
        profiles = self.stencils.profiles
        return {
            n: aggregation(geometry, n, tuple(reads), profiles)
            for n, reads in self._aggregates.items()
        }

    def _convolved(self, x: Tensor, maps: Mapping[int, nn.Module]) -> Tensor:
        batch, vertices, _ = x.shape
        *blocks, self_interaction = self._once(self.kernel, self.mixing).split(self._widths)
        own = x.transpose(0, 1).reshape(vertices * batch, -1)  # (vertex * batch, component)
        own = own.to(self_interaction)
        if self.bias is None:
            mixed = own @ self_interaction
        else:
            padding = self.type_out.components - self.bias.numel()
            mixed = torch.addmm(nn.functional.pad(self.bias, (0, padding)), own, self_interaction)
        fields = self.type_in.blocks(x)
        for n, field, block in zip(self.type_in.orders, fields, blocks, strict=True):
            field = field.permute(1, 3, 0, 2)  # (vertex, re-im, batch, channel)
            gathered = maps[n](field.flatten(0, 1).flatten(1))
            # (vertex, aggregate, batch, channel) -> (vertex * batch, aggregate * channel)
            gathered = gathered.view(vertices, -1, *field.shape[2:]).transpose(1, 2)
            # In place, which makes no copy of the sum and which autocast leaves alone.
            mixed.addmm_(gathered.flatten(2).flatten(0, 1).to(mixed), block.to(mixed))
        # (vertex, batch, component) in memory, (batch, vertex, component) to look at
        return mixed.view(vertices, batch, -1).transpose(0, 1)

    def reframed(self, change: FrameChange) -> GaugeConv:
        before, after = (turned_type(t, change) for t in (self.type_in, self.type_out))
        bias = self.bias is not None
        return like(self, type(self)(before, after, after.surface, self.stencils, bias))

    def extra_repr(self) -> str:
        lowered = f", accuracy lowered at {self.lowered} vertices" if self.lowered else ""
        return f"{super().extra_repr()}, {self.stencils}{lowered}"

    def mixing(self) -> Tensor:
        """The real matrix ``(aggregated component, output component)`` of all paths."""
        entries = nn.functional.pad(self.kernel, (0, 1))[self._index]  # the last entry is zero
        return entries * self._sign.to(entries)

    def slices(self) -> list[slice]:
        """Where each path's coefficients stand in `kernel`."""
        sizes = [self._size(path) for path in self.paths]
        ends = np.cumsum(sizes)
        return [slice(int(e) - s, int(e)) for e, s in zip(ends, sizes, strict=True)]

    def _size(self, path: Path) -> int:
        pairs = (
            self.type_in.multiplicities[path.order_in]
            * self.type_out.multiplicities[path.order_out]
        )
        return pairs * (1 if path.real else 2)

    def _layout(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each entry of the mixing matrix the coefficient it holds and its sign.

        With K = a + i b and an aggregate u + i v: ``Re = a u - b v``, ``Im = b u + a v``; for the
        conjugate ``Re = a u + b v``, ``Im = b u - a v``.
        """
        columns, total = self._columns()
        slices = self.slices()
        unused = slices[-1].stop
        index = np.full((total, self.type_out.components), unused)
        sign = np.zeros(index.shape)
        for path, where in zip(self.paths, slices, strict=True):
            c_in = self.type_in.multiplicities[path.order_in]
            c_out = self.type_out.multiplicities[path.order_out]
            coefficient = np.arange(where.start, where.stop).reshape(c_out, c_in, -1)
            out = np.arange(self.type_out.components)[self.type_out.slice_of(path.order_out)]
            out = out.reshape(c_out, -1)  # (channel, re-im)
            read = columns[path.order_in, path.frequency, path.profile]  # (channel, re-im)
            flip = -1.0 if path.conjugate else 1.0
            entries = [(0, 0, 0, 1.0), (1, 0, 1, -flip), (0, 1, 1, 1.0), (1, 1, 0, flip)]
            for part_in, part_out, part_k, value in entries:  # re-im of in, out and coefficient
                if (
                    part_in < read.shape[1]
                    and part_out < out.shape[1]
                    and part_k < coefficient.shape[2]
                ):
                    place = np.ix_(read[:, part_in], out[:, part_out])
                    index[place] = coefficient[:, :, part_k].T
                    sign[place] = value
        fan_in = (sign != 0).sum(axis=0)  # per output component
        scale = np.ones(unused)
        scale[index[sign != 0]] = np.broadcast_to(1 / np.sqrt(np.maximum(fan_in, 1)), sign.shape)[
            sign != 0
        ]
        return index, sign, scale

    def _columns(self) -> tuple[dict[tuple[int, int | None, int], np.ndarray], int]:
        """The rows of the mixing matrix that hold each aggregate, ``(channel, re-im)``."""
        columns: dict[tuple[int, int | None, int], np.ndarray] = {}
        total = 0
        for n in self.type_in.orders:
            channels = self.type_in.multiplicities[n]
            for frequency, profile in self._aggregates[n]:
                parts = parts_of(n, frequency)
                block = total + np.arange(parts * channels).reshape(parts, channels)
                columns[n, frequency, profile] = block.T
                total += block.size
        for n in self.type_in.orders:
            channels = self.type_in.multiplicities[n]
            block = total + np.arange(channels * (1 if n == 0 else 2)).reshape(channels, -1)
            columns[n, None, 0] = block
            total += block.size
        return columns, total


def _bound(type_: str | GaugeType, surface: Surface) -> GaugeType:
    bound = GaugeType.parse(type_, surface) if isinstance(type_, str) else type_
    if bound.surface is not surface:
        raise ValueError(f"expected a feature on {surface}, got {bound} on {bound.surface}")
    return bound
