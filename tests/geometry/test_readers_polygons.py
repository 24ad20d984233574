"""Polygons are cut into triangles inside their outline, whichever corner is named first."""

from __future__ import annotations

import numpy as np
import pytest

from gaugecnn.errors import UserError
from gaugecnn.geometry.loading import load_mesh


def shape(folder, points, polygons):
    path = folder / "shape.obj"
    rows = ["v " + " ".join(map(repr, map(float, point))) for point in points]
    rows += ["f " + " ".join(str(corner + 1) for corner in polygon) for polygon in polygons]
    path.write_text("\n".join(rows))
    return load_mesh(path)


def areas(vertices, faces):
    a, b, c = vertices[faces].swapaxes(0, 1)
    return np.cross(b - a, c - a) / 2


def star(points):
    angle = np.pi * np.arange(2 * points) / points
    radius = np.where(np.arange(2 * points) % 2, 0.3, 1.0)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=-1)


def comb(teeth):
    top = [(x, 3 if x % 2 else 0.5, 0) for x in range(2 * teeth, -1, -1)]
    return np.array([(0, 0, 0), (2 * teeth, 0, 0), *top], float)


TILT = np.linalg.qr(np.array([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]]))[0]
OUTLINES = {
    "dart": (np.array([[2.0, -1, 0], [0, 3, 0], [-2, -1, 0], [0, 0, 0]]), 6),
    "square": (np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]), 1),
    "kite": (np.array([[0.0, 0, 0], [3, 1, 0], [4, 4, 0], [1, 3, 0]]), 8),
    "L": (np.array([[0.0, 0, 0], [2, 0, 0], [2, 1, 0], [1, 1, 0], [1, 2, 0], [0, 2, 0]]), 3),
    "star": (star(5), 10 * 0.5 * 0.3 * np.sin(np.pi / 5)),
    "comb": (comb(6), None),
    "disc": (star(50) / np.linalg.norm(star(50), axis=1)[:, None], 50 * np.sin(np.pi / 50)),
    "T": (
        np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 1, 0], [2, 2, 0], [1, 2, 0], [0, 2, 0]]),
        4,
    ),
}


@pytest.mark.parametrize("tilt", [np.eye(3), TILT], ids=["flat", "tilted"])
@pytest.mark.parametrize("name", OUTLINES)
def test_triangles_lie_inside_the_outline(tmp_path, name, tilt):
    points, area = OUTLINES[name]
    if area is None:
        x, y, _ = points.T
        area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    count, found = len(points), set()
    points = points @ tilt.T + 100
    for first in range(count):
        vertices, faces = shape(tmp_path, points, [(np.arange(count) + first) % count])
        parts = areas(vertices, faces)
        assert len(faces) == count - 2
        np.testing.assert_allclose(np.linalg.norm(parts.sum(axis=0)), area, rtol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(parts, axis=1).sum(), area, rtol=1e-9)
        found.add(frozenset(frozenset(face) for face in faces.tolist()))
    assert len(found) == 1


def test_a_corner_on_a_line_is_not_passed_over(tmp_path):
    """No fan will do, and the ears leave out what lies between two corners."""
    ring = np.array([[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1.5, 1], [1, 1], [1, 3], [0, 3.0]])
    points = np.append(ring, np.zeros((9, 1)), axis=1)
    vertices, faces = shape(tmp_path, points, [np.arange(9)])
    assert sorted(set(faces.ravel().tolist())) == list(range(9))
    assert len(faces) == 7
    np.testing.assert_allclose(np.linalg.norm(areas(vertices, faces), axis=1).sum(), 7)


@pytest.mark.parametrize(
    "points",
    [
        [[0, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0]],
        [[0, 0, 0], [2, 2, 0], [2, 0, 0], [0, 1, 0]],
        [[0, 0, 0], [4, 0, 0], [4, 4, 0], [2, -1, 0], [0, 4, 0]],
    ],
)
def test_an_outline_that_crosses_itself_is_refused(tmp_path, points):
    with pytest.raises(UserError, match=r"the outline of face 0, \[.*\], crosses itself"):
        shape(tmp_path, points, [np.arange(len(points))])


def test_faces_of_mixed_sizes_keep_their_order(tmp_path):
    points = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 0, 0], [2, 1, 0]]
    _, faces = shape(tmp_path, points, [[1, 4, 5], [0, 1, 2, 3], [1, 5, 2]])
    assert faces.tolist() == [[1, 4, 5], [0, 1, 2], [0, 2, 3], [1, 5, 2]]


def test_a_corner_named_twice_is_one(tmp_path):
    _, faces = shape(tmp_path, [[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2, 2]])
    assert faces.tolist() == [[0, 1, 2]]
