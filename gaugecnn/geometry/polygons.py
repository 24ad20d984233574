"""Polygons cut into triangles that lie inside their outline, whichever corner is named first."""

from __future__ import annotations

from dataclasses import dataclass, field

import mapbox_earcut
import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask

FAN = 64
"""Corners up to which a polygon is tried as a fan; beyond, it is clipped ear by ear at once."""
SAME = 1e6
"""Places and lengths are compared to this part of a polygon's size, not to the last digit."""
FLAT = 1e-9
"""Of a polygon's size squared: an area that is none."""


@dataclass
class Polygons:
    """What a file holds.

    Attributes:
        vertices: positions ``(vertex, xyz)``.
        corners: the vertices of all faces, one face after the other ``(corner,)``.
        sizes: how many corners each face has ``(face,)``.
        said: what was passed over in reading, in sentences.
    """

    vertices: Array
    corners: Index
    sizes: Index
    said: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, vertices: list[list[float]], faces: list[list[int]]) -> Polygons:
        """Those of lists."""
        corners = np.array([corner for face in faces for corner in face], np.int64)
        sizes = np.array([len(face) for face in faces], np.int64)
        return cls(np.array(vertices, np.float64).reshape(-1, 3), corners, sizes)

    def triangles(self) -> Index:
        """All faces cut into triangles ``(face, corner)``, in their order.

        Of a polygon's fans the one with the shortest diagonals is taken whose triangles all lie
        the same way; where none does, ears are clipped in the plane of Newell's normal.

        Raises:
            ValueError: an outline crosses itself.
        """
        if (self.sizes == 3).all():
            return self.corners.reshape(-1, 3)
        first = np.cumsum(self.sizes) - self.sizes
        inside = (self.corners >= 0) & (self.corners < len(self.vertices))
        cut: list[Index] = [np.empty((0, 3), np.int64)]
        face: list[Index] = [np.empty(0, np.int64)]
        for size in np.unique(self.sizes).tolist():
            which = np.flatnonzero(self.sizes == size)
            polygons = self.corners[first[which, None] + np.arange(size)]  # (face, corner)
            known = inside[first[which, None] + np.arange(size)].all(axis=1)
            fans, found = _fans(self.vertices, polygons, known)
            cut.append(fans.reshape(-1, 3))
            face.append(np.repeat(which[found], size - 2))
            for row, polygon in zip(which[~found], polygons[~found], strict=True):
                pieces = _clipped(self.vertices, polygon, int(row))
                cut.append(pieces)
                face.append(np.repeat(row, len(pieces)))
        order = np.argsort(np.concatenate(face), kind="stable")
        return np.concatenate(cut)[order]


def _fans(vertices: Array, polygons: Index, known: Mask) -> tuple[Index, Mask]:
    """The best fan of each polygon ``(found, triangle, corner)``, and where there is one."""
    count, size = polygons.shape
    steps = np.arange(1, size - 1)
    if size == 3 or not known.any():  # an index out of range is refused later, by its face
        fans = np.stack([np.zeros_like(steps), steps, steps + 1], axis=1)
        return polygons[:, fans], np.ones(count, bool)
    if size > FAN:
        return np.empty((0, size - 2, 3), np.int64), np.zeros(count, bool)
    points = vertices[np.where(known[:, None], polygons, 0)]  # (face, corner, xyz)
    points = points - points.min(axis=1, keepdims=True)
    points = points / np.maximum(points.max(axis=(1, 2)), np.finfo(float).tiny)[:, None, None]
    normal = np.cross(points, np.roll(points, -1, axis=1)).sum(axis=1)  # Newell's
    length = np.empty((count, size))
    valid = np.empty((count, size), bool)
    for apex in range(size):
        away = points - points[:, apex : apex + 1]
        around = np.roll(away, -apex, axis=1)[:, 1:]
        areas = (np.cross(around[:, :-1], around[:, 1:]) * normal[:, None]).sum(axis=-1)
        valid[:, apex] = (areas > FLAT * (normal**2).sum(axis=1)[:, None]).all(axis=1)
        length[:, apex] = np.sort(np.linalg.norm(around[:, 1:-1], axis=-1), axis=1).sum(axis=1)
    keys = np.rint(np.concatenate([length[..., None], points], axis=-1) * SAME)
    best = np.where(known, _first(keys, valid), 0)
    found = valid.any(axis=1) | ~known
    fans = np.stack([np.zeros_like(steps), steps, steps + 1], axis=1)
    turned = (best[found, None] + np.arange(size)) % size
    return np.take_along_axis(polygons[found], turned, axis=1)[:, fans], found


def _first(keys: Array, valid: Mask) -> Index:
    """The valid corner of each polygon whose keys ``(face, corner, key)`` are least ``(face,)``."""
    for key in np.moveaxis(keys, -1, 0):
        least = np.where(valid, key, np.inf).min(axis=1)
        valid = valid & (key == least[:, None])
    return valid.argmax(axis=1)


def _clipped(vertices: Array, polygon: Index, row: int) -> Index:
    """One polygon, ear by ear ``(triangle, corner)``, from its lowest corner on."""
    polygon = polygon[polygon != np.roll(polygon, 1)]
    if len(polygon) < 3:
        return np.append(polygon, polygon[[-1, -1]])[None, :3] if len(polygon) else polygon[:0]
    points = vertices[polygon] - vertices[polygon].min(axis=0)
    points = points / max(points.max(), np.finfo(float).tiny)
    start = np.lexsort(np.rint(points * SAME).T[::-1])[0]
    polygon, points = np.roll(polygon, -start), np.roll(points, -start, axis=0)
    normal = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    area = np.linalg.norm(normal)
    if len(polygon) == 3 or area < FLAT:  # repair has the last word on faces without area
        steps = np.arange(1, len(polygon) - 1)
        fan = np.stack([0 * steps, steps, steps + 1], axis=1)
        a, b, c = points[fan].swapaxes(0, 1)
        if len(polygon) > 3 and np.abs(np.cross(b - a, c - a)).max() > FLAT:
            raise ValueError(f"the outline of face {row}, {polygon.tolist()}, crosses itself")
        return polygon[fan]
    flat = points @ _plane(normal / area)
    ears = mapbox_earcut.triangulate_float64(flat, np.array([len(flat)], np.uint32))
    triangles = _all_named(ears.astype(np.int64).reshape(-1, 3), len(flat))
    a, b, c = flat[triangles].swapaxes(0, 1)
    doubled = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    if abs(np.abs(doubled).sum() - area) > 1e-3 * area:
        raise ValueError(f"the outline of face {row}, {polygon.tolist()}, crosses itself")
    triangles[doubled < 0] = triangles[doubled < 0][:, ::-1]
    return polygon[triangles]


def _plane(normal: Array) -> Array:
    """Two directions that make a right-handed frame with a unit normal ``(xyz, 2)``."""
    away = np.eye(3)[np.argmin(np.abs(normal))]
    one = np.cross(away, normal)
    one = one / np.linalg.norm(one)
    return np.stack([one, np.cross(normal, one)], axis=1)


def _all_named(triangles: Index, size: int) -> Index:
    """The triangles, split at corners that the clipping passed over as they lie on a line."""
    rows = triangles.tolist()
    for corner in sorted(set(range(size)) - set(triangles.ravel().tolist())):
        named = {v for row in rows for v in row}
        before = max((v for v in named if v < corner), default=max(named))
        after = min((v for v in named if v > corner), default=min(named))
        for row in [row for row in rows if before in row and after in row][:1]:
            rows.remove(row)
            rows += [[corner if v == end else v for v in row] for end in (before, after)]
    return np.array(rows, np.int64).reshape(-1, 3)
