"""The icosahedron from which icospheres start."""

from __future__ import annotations

import numpy as np

LONG, SHORT = 0.85065080835204, 0.5257311121191336
"""Coordinates of its vertices on the unit sphere, in the golden ratio.

The numbers are trimesh's to the last digit, in its order, so that icospheres stay what they were.
"""

VERTICES = np.array([
    [-SHORT, LONG, 0.0], [SHORT, LONG, 0.0], [-SHORT, -LONG, 0.0], [SHORT, -LONG, 0.0],
    [0.0, -SHORT, LONG], [0.0, SHORT, LONG], [0.0, -SHORT, -LONG], [0.0, SHORT, -LONG],
    [LONG, 0.0, -SHORT], [LONG, 0.0, SHORT], [-LONG, 0.0, -SHORT], [-LONG, 0.0, SHORT],
])  # fmt: skip
"""``(vertex, xyz)``."""

FACES = np.array([
    [0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11],
    [1, 5, 9], [5, 11, 4], [11, 10, 2], [10, 7, 6], [7, 1, 8],
    [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8], [3, 8, 9],
    [4, 9, 5], [2, 4, 11], [6, 2, 10], [8, 6, 7], [9, 8, 1],
], dtype=np.int64)  # fmt: skip
"""Vertex indices ``(face, corner)``, counter-clockwise seen from outside."""
