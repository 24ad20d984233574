"""Writes ellipsoid.ply: the ellipsoid with semi-axes 1, 0.85 and 0.7.

An icosphere of level 4, stretched along its axes: 2,562 vertices, those of the coarser levels
first.
"""

from pathlib import Path

import numpy as np
from common import Array, Index, icosphere, write

SEMI_AXES = (1.0, 0.85, 0.7)
LEVEL = 4
EULER = 2


def build() -> tuple[Array, Index]:
    """The vertices ``(vertex, xyz)`` and faces ``(face, corner)``."""
    points, faces = icosphere(LEVEL)
    return points * np.array(SEMI_AXES), faces


if __name__ == "__main__":
    write(Path(__file__).with_name("ellipsoid.ply"), *build(), EULER)
