"""Fields that are known at the points of a sphere domain alone, turned."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import scipy
import torch
from torch import Tensor, nn

from gaugecnn.data.resampling import MapReader, map_points
from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.surfaces.domain import Domain

FINER = 3
"""Pixels of the map on which a field is turned, between neighbouring points."""
CANDIDATES = 24
"""Faces that are tried for the one that holds a place."""


class FieldTurner(nn.Module):
    """Fields that are known at the points of a sphere domain, turned.

    A field is laid on a fine equirectangular map, linear on the faces of the points' convex hull,
    and read there.

    Args:
        domain: where the fields live.
    """

    index: Tensor
    weight: Tensor

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.reader = fine_reader(domain)
        index, weight = linear_weights(domain, map_points(self.reader.size))  # (pixel, corner)
        self.register_buffer("index", index, persistent=False)
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, values: Tensor, rotations: Tensor) -> Tensor:
        """``f(R^T x)`` of values ``(batch, channel, *domain.shape)``, the same shape.

        Args:
            values: of fields f.
            rotations: R of each, ``(batch, 3, 3)``; it gets gradients.
        """
        pixels = (values.flatten(2)[:, :, self.index] * self.weight.to(values)).sum(-1)
        return self.reader.fields(pixels.unflatten(2, self.reader.size), rotations)


class PointReader(nn.Module):
    """Fields at the points of a domain, as they are or, on a sphere, turned.

    Labels that are turned are laid on the map of `FieldTurner` each from its nearest point.

    Args:
        domain: where the fields live.
    """

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain

    def fields(self, values: Tensor, rotations: Tensor | None) -> Tensor:
        """``f(R^T x)`` of values ``(batch, channel, *domain.shape)``, the same shape."""
        if rotations is None:
            return values
        turned: Tensor = self._turner.to(values.device)(values, rotations)
        return turned

    def labels(self, labels: Tensor, rotations: Tensor | None) -> Tensor:
        """The nearest label of ``(batch, *domain.shape)``, the same shape."""
        if rotations is None:
            return labels
        pixels = labels.flatten(1)[:, self._nearest.to(labels.device)]
        reader = self._turner.to(labels.device).reader
        return reader.labels(pixels.unflatten(1, reader.size), rotations)

    @cached_property
    def _turner(self) -> FieldTurner:
        return FieldTurner(self.domain)

    @cached_property
    def _nearest(self) -> Tensor:
        """For each pixel the nearest point, ``(pixel,)``."""
        there, points = _on_surface(self.domain)
        _, nearest = scipy.spatial.KDTree(points).query(
            map_points(self._turner.reader.size).numpy()
        )
        return torch.from_numpy(there[nearest])


def fine_reader(domain: Domain) -> MapReader:
    """What reads maps with `FINER` pixels between neighbouring points at these points."""
    spacing = math.sqrt(4 * math.pi / len(domain.points))
    rows = math.ceil(FINER * math.pi / spacing)
    return MapReader(domain, (rows, 2 * rows))


def _on_surface(domain: Domain) -> tuple[Index, Array]:
    """The points that lie on the surface: their indices, and where ``(point, xyz)``."""
    points = domain.points.cpu().numpy()
    there = np.flatnonzero(np.isfinite(points).all(axis=1))
    return there, points[there]


def linear_weights(domain: Domain, places: Tensor) -> tuple[Tensor, Tensor]:
    """How fields on a sphere domain are read elsewhere: linear on the faces of its convex hull.

    ``f(x) = sum_c weight_c f[index_c]`` over the corners c of the face that x lies on.

    Args:
        domain: where the fields live.
        places: on the unit sphere, ``(place, xyz)``.

    Returns:
        indices of points of the domain, and weights that sum to 1, ``(place, corner)`` each.
    """
    there, points = _on_surface(domain)
    faces = scipy.spatial.ConvexHull(points).simplices
    face, weight = barycentric(points[faces], places.cpu().numpy())
    return torch.from_numpy(there[faces[face]]), torch.from_numpy(weight)


def barycentric(corners: Array, places: Array) -> tuple[Index, Array]:
    """The face through which each ray from the origin goes, and its coordinates there.

    Args:
        corners: of the faces of a convex body around the origin, ``(face, corner, xyz)``.
        places: on the rays, ``(place, xyz)``.

    Returns:
        faces ``(place,)``, and weights ``(place, corner)`` that are at least 0 and sum to 1.
    """
    centres = corners.mean(axis=1)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    _, tried = scipy.spatial.KDTree(centres).query(places, k=min(CANDIDATES, len(corners)))
    tried = tried.reshape(len(places), -1)  # (place, candidate)
    matrices = corners.transpose(0, 2, 1)  # columns are corners
    volume = np.abs(np.linalg.det(matrices))
    inverse = np.zeros_like(matrices)
    whole = volume > 1e-14
    inverse[whole] = np.linalg.inv(matrices[whole])
    weight = np.einsum("pfcx,px->pfc", inverse[tried], places)  # (place, candidate, corner)
    least = np.where(whole[tried], weight.min(axis=2), -np.inf)
    best = least.argmax(axis=1)
    every = np.arange(len(places))
    chosen = weight[every, best].clip(min=0)
    return tried[every, best], chosen / chosen.sum(axis=1, keepdims=True)
