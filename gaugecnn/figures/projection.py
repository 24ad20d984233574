"""Which sample point each pixel of a picture of a surface shows.

Every sample point is drawn as its cell: the part of the surface that is nearest to it. The surface
is seen from far away (orthographic): from the front, where the signal is, and from behind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from gaugecnn.figures.sample import Floats
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.surfaces.domain import Domain, SphereDomain
from gaugecnn.surfaces.mesh_domain import MeshDomain

SOUTH = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
"""The eye below the south pole, where an unrotated digit stands upright.

The rows of such axes point to the right, upwards, and towards the eye.
"""

NEARLY = math.cos(math.radians(25))
LIGHT = np.array([-0.35, 0.45, 0.82])
PIXELS = 300
OVERSAMPLING = 2

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class View:
    """A surface from one side.

    Args:
        point: the sample point that each pixel shows, -1 beside the surface ``(row, column)``.
        light: brightness of each pixel ``(row, column)``.
    """

    point: Integers
    light: Floats

    def paint(self, colours: Floats) -> Floats:
        """The picture ``(row, column, RGBA)`` of colours ``(point, 3)``, its edges smooth."""
        inside = self.point >= 0
        lit = colours[self.point] * self.light[..., None]
        full = np.concatenate([lit, np.ones_like(lit[..., :1])], axis=-1) * inside[..., None]
        # (row, sub-row, column, sub-column, RGBA) -> (row, column, RGBA)
        small = full.reshape(PIXELS, OVERSAMPLING, PIXELS, OVERSAMPLING, 4).mean(axis=(1, 3))
        small[..., :3] /= np.maximum(small[..., 3:], 1e-9)
        return small.clip(0, 1)


def front(domain: Domain, signal: Floats) -> Floats:
    """The axes of an eye before the middle of a signal ``(point,)``: `SOUTH` when that is near.

    Another eye is got from `SOUTH` by the shortest turn.
    """
    outwards = domain.points.cpu().numpy()
    if isinstance(domain, MeshDomain):
        outwards = domain.surface.frames[:, 2]
    towards = np.nan_to_num(outwards).T @ (signal * domain.areas.cpu().numpy())
    if np.linalg.norm(towards) < 1e-9:
        return SOUTH
    towards /= np.linalg.norm(towards)
    if towards @ SOUTH[2] > NEARLY:
        return SOUTH
    turn, _ = Rotation.align_vectors(towards[None], SOUTH[2:])
    return turn.apply(SOUTH)


def views(domain: Domain, axes: Floats) -> dict[str, View]:
    """The domain from the front, the eye with these axes, and from behind; a plane as it is."""
    if isinstance(domain, PlaneChart):
        return {"": _see_plane(domain.size)}
    both = {"front": axes, "back": axes * np.array([[-1.0], [1.0], [-1.0]])}
    if isinstance(domain, SphereDomain):
        points = domain.points.cpu().numpy()
        return {side: _see_sphere(points, axes) for side, axes in both.items()}
    assert isinstance(domain, MeshDomain)
    vertices, faces = domain.surface.vertices, domain.surface.faces
    return {side: _see_mesh(vertices, faces, axes) for side, axes in both.items()}


def _see_plane(size: int) -> View:
    """A square of pixels."""
    place = np.arange(PIXELS * OVERSAMPLING) * size // (PIXELS * OVERSAMPLING)
    point = place[:, None] * size + place
    return View(point, np.ones(point.shape))


def _see_sphere(points: Floats, axes: Floats) -> View:
    """The unit sphere with samples ``(point, 3)``, some of which may be NaN."""
    there = np.flatnonzero(np.isfinite(points).all(axis=1))
    right, up = _pixel_places()
    height = np.sqrt(np.maximum(1 - right**2 - up**2, 0))
    normal = np.stack([right, up, height], axis=-1)  # (row, column, axis)
    inside = right**2 + up**2 <= 1
    _, nearest = KDTree(points[there] @ axes.T).query(normal[inside])
    point = np.full(inside.shape, -1)
    point[inside] = there[nearest]
    return View(point, _lit(normal))


def _see_mesh(vertices: Floats, faces: Integers, axes: Floats) -> View:
    """A triangle mesh: of the faces that cover a pixel's centre, the one nearest to the eye."""
    seen = vertices @ axes.T  # (vertex, (right, up, towards the eye))
    centre = (seen.min(axis=0) + seen.max(axis=0)) / 2
    seen = (seen - centre) / np.abs(seen - centre)[:, :2].max()
    right, up = _pixel_places()
    columns, rows = right[0], up[:, 0]
    point = np.full(right.shape, -1)
    depth = np.full(right.shape, -np.inf)
    normals = np.zeros((*right.shape, 3))
    corners = seen[faces]  # (face, corner, axis)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    front = np.flatnonzero(normal[:, 2] > 1e-12)
    low, high = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    first_column, last_column = np.searchsorted(columns, [low[:, 0], high[:, 0]])
    first_row, last_row = np.searchsorted(-rows, [-high[:, 1], -low[:, 1]])
    for face in front:
        box = slice(first_row[face], last_row[face]), slice(first_column[face], last_column[face])
        share = _barycentric(corners[face], right[box], up[box])  # (corner, row, column)
        height = np.tensordot(corners[face, :, 2], share, axes=1)
        nearer = (share >= -1e-9).all(axis=0) & (height > depth[box])
        depth[box][nearer] = height[nearer]
        point[box][nearer] = faces[face][share.argmax(axis=0)[nearer]]
        normals[box][nearer] = normal[face] / np.linalg.norm(normal[face])
    return View(point, _lit(normals))


def _barycentric(corners: Floats, right: Floats, up: Floats) -> Floats:
    """The barycentric coordinates ``(corner, row, column)`` of pixels in a face ``(corner, 3)``."""
    (ax, ay, _), (bx, by, _), (cx, cy, _) = corners
    twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    b = ((right - ax) * (cy - ay) - (up - ay) * (cx - ax)) / twice_area
    c = ((bx - ax) * (up - ay) - (by - ay) * (right - ax)) / twice_area
    return np.stack([1 - b - c, b, c])


def _pixel_places() -> tuple[Floats, Floats]:
    """Right and up of every pixel's centre, ``(row, column)`` each; the surface spans [-1, 1]."""
    count = PIXELS * OVERSAMPLING
    place = 1.03 * ((2 * np.arange(count) + 1) / count - 1)
    right, up = np.meshgrid(place, -place)
    return right, up


def _lit(normal: Floats) -> Floats:
    """Brightness of a surface with these normals ``(..., 3)``, light from the upper left."""
    return 0.62 + 0.38 * np.maximum(normal @ (LIGHT / np.linalg.norm(LIGHT)), 0)
