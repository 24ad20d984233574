"""Writes hemisphere.ply: the half of the unit sphere with z >= 0, open at the bottom.

An icosphere of level 1 with a vertex at its pole has ten edges along the equator; its upper half
is refined three times on the unit sphere: 1,321 vertices, those of the coarser levels first, of
which 80 form the boundary, exactly on z = 0.
"""

from pathlib import Path

import numpy as np
from common import Array, Index, icosphere, onto_unit_sphere, refine, write

REFINEMENTS = 3
EULER = 1


def coarsest() -> tuple[Array, Index]:
    """The upper half of the icosphere of level 1: 26 vertices, 40 faces."""
    points, faces = icosphere(1)
    pole = points[0]
    x = np.cross([0.0, 1.0, 0.0], pole)
    x /= np.linalg.norm(x)
    turned = points @ np.stack([x, np.cross(pole, x), pole], axis=1)
    turned[np.abs(turned[:, 2]) < 1e-9, 2] = 0
    upper = faces[(turned[faces, 2] >= 0).all(axis=1)]
    kept, renumbered = np.unique(upper, return_inverse=True)
    return turned[kept], renumbered.reshape(-1, 3)


def build() -> tuple[Array, Index]:
    """The vertices ``(vertex, xyz)`` and faces ``(face, corner)``."""
    return refine(*coarsest(), REFINEMENTS, onto_unit_sphere)


if __name__ == "__main__":
    write(Path(__file__).with_name("hemisphere.ply"), *build(), EULER)
