"""Equirectangular maps read at the points of a domain, turned or not.

Row j of R lies at colatitude ``pi (2j + 1) / 2R``, column k of C at azimuth ``2 pi k / C``.
"""

from __future__ import annotations

import math

import scipy
import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.rotations import points_from_angles

PER_PIXEL = 4
"""Places in each pixel of a map at which it is read where a coarser domain takes its mean."""


class MapReader(nn.Module):
    """Maps at the points of a sphere domain: bilinear, or for labels the nearest.

    Args:
        domain: whose points are read.
        size: rows and columns of the maps.
    """

    points: Tensor
    outside: Tensor

    def __init__(self, domain: Domain, size: tuple[int, int]) -> None:
        super().__init__()
        self.shape, self.size = domain.shape, size
        points = domain.points.cpu()
        self.register_buffer("points", points.nan_to_num(), persistent=False)
        self.register_buffer("outside", ~points.isfinite().all(1), persistent=False)

    def fields(self, maps: Tensor, rotations: Tensor | None) -> Tensor:
        """``f(R^T x)`` at each point x, ``(batch, channel, *domain.shape)``; 0 outside the surface.

        Args:
            maps: ``(batch, channel, row, column)``.
            rotations: R of each, ``(batch, 3, 3)``; None for none.
        """
        values = self._values(maps, rotations)
        return values.masked_fill(self.outside, 0.0).unflatten(2, self.shape)

    def _values(self, maps: Tensor, rotations: Tensor | None) -> Tensor:
        return read(maps, turned_back(self.points, rotations, len(maps)), "bilinear")

    def labels(self, maps: Tensor, rotations: Tensor | None) -> Tensor:
        """The nearest label of maps ``(batch, row, column)``; -1 outside the surface."""
        places = turned_back(self.points, rotations, len(maps))
        found = read(maps[:, None].double(), places, "nearest")[:, 0].round().long()
        return found.masked_fill(self.outside, -1).unflatten(1, self.shape)


class CellMeans(MapReader):
    """Maps that are finer than the domain: the mean of each over the cell of a point.

    The cell of a point is what is nearer to it than to any other; its mean is that of places spread
    evenly over the sphere, of which each pixel has `PER_PIXEL`. Labels are those at the points.

    Args:
        domain: whose points are read.
        size: rows and columns of the maps.
    """

    places: Tensor
    cell: Tensor
    count: Tensor

    def __init__(self, domain: Domain, size: tuple[int, int]) -> None:
        super().__init__(domain, size)
        there = torch.nonzero(~self.outside)[:, 0]
        spread = spread_evenly(PER_PIXEL * size[0] * size[1])
        _, nearest = scipy.spatial.KDTree(self.points[there].numpy()).query(spread.numpy())
        cell = there[torch.from_numpy(nearest)]
        empty = torch.nonzero(torch.bincount(cell, minlength=len(self.points)) == 0)[:, 0]
        self.register_buffer("places", torch.cat([spread, self.points[empty]]), persistent=False)
        self.register_buffer("cell", torch.cat([cell, empty]), persistent=False)
        count = torch.bincount(self.cell, minlength=len(self.points))
        self.register_buffer("count", count, persistent=False)

    def _values(self, maps: Tensor, rotations: Tensor | None) -> Tensor:
        values = read(maps, turned_back(self.places, rotations, len(maps)), "bilinear")
        sums = values.new_zeros(*values.shape[:2], len(self.points))
        return sums.index_add_(2, self.cell, values) / self.count


def map_reader(domain: Domain, size: tuple[int, int]) -> MapReader:
    """What reads maps of `size` on a domain: by cells if the domain has fewer points."""
    points = int(domain.points.isfinite().all(1).sum())
    return (CellMeans if points < size[0] * size[1] else MapReader)(domain, size)


def turned_back(places: Tensor, rotations: Tensor | None, count: int) -> Tensor:
    """``R^T x`` for places x ``(place, xyz)``, ``(count, place, xyz)``."""
    if rotations is None:
        return places.expand(count, -1, -1)
    return torch.einsum("px,bxy->bpy", places, rotations.to(places))


def read(maps: Tensor, places: Tensor, mode: str) -> Tensor:
    """Maps at places of the unit sphere, across the poles and the date line as anywhere.

    Args:
        maps: ``(batch, channel, row, column)``.
        places: ``(batch, place, xyz)``.
        mode: ``bilinear`` or ``nearest``.

    Returns:
        ``(batch, channel, place)``.
    """
    rows, columns = maps.shape[-2:]
    around = torch.cat([maps, maps[..., :1]], -1)  # the first column once more behind the last
    across = _opposite(maps) if mode == "bilinear" else around.roll(columns // 2, -1)
    framed = torch.cat([across[..., :1, :], around, across[..., -1:, :]], -2)
    x, y, z = places.unbind(-1)
    row = torch.arccos(z.clamp(-1, 1)) / math.pi * rows + 0.5  # in `framed`
    column = torch.atan2(y, x).remainder(2 * math.pi) / (2 * math.pi) * columns
    where = torch.stack([2 * column / columns - 1, 2 * row / (rows + 1) - 1], -1)
    grid = where[:, None].to(framed)  # (batch, 1, place, (column, row))
    found = grid_sample(framed, grid, mode=mode, padding_mode="border", align_corners=True)
    return found[:, :, 0]


def _opposite(maps: Tensor) -> Tensor:
    """The values on the other side of the poles, the first column behind the last too.

    Of an odd number of columns none lies just opposite: half of each of two.
    """
    half = maps.shape[-1] / 2
    turned = (maps.roll(math.floor(half), -1) + maps.roll(math.ceil(half), -1)) / 2
    return torch.cat([turned, turned[..., :1]], -1)


def spread_evenly(count: int) -> Tensor:
    """So many points of the unit sphere, each of the same area, ``(point, xyz)``.

    The Fibonacci lattice (Gonzalez 2010).
    """
    i = torch.arange(count, dtype=torch.float64)
    golden = (1 + math.sqrt(5)) / 2
    return points_from_angles(torch.arccos(1 - (2 * i + 1) / count), 2 * math.pi * i / golden)


def map_points(size: tuple[int, int]) -> Tensor:
    """Where the pixels of a map of `size` lie, ``(pixel, xyz)``."""
    rows, columns = size
    beta = math.pi * (2 * torch.arange(rows, dtype=torch.float64) + 1) / (2 * rows)
    alpha = 2 * math.pi * torch.arange(columns, dtype=torch.float64) / columns
    beta, alpha = torch.meshgrid(beta, alpha, indexing="ij")
    return points_from_angles(beta, alpha).flatten(0, 1)


def map_areas(size: tuple[int, int]) -> Tensor:
    """The share of the sphere of each pixel of a map, ``(row, column)``."""
    rows, columns = size
    edges = torch.cos(math.pi * torch.arange(rows + 1, dtype=torch.float64) / rows)
    return ((edges[:-1] - edges[1:]) / (2 * columns))[:, None].expand(rows, columns)
