"""Writes bumpy_sphere.ply: the unit sphere with smooth bumps that have no symmetry.

The radius in direction n is 1 plus the sum of three waves 0.04 cos(k . n + phase), of wavelengths
2 pi / |k| between 1.0 and 1.2: it lies between 0.88 and 1.12. An icosphere of level 4: 2,562
vertices, those of the coarser levels first.
"""

from pathlib import Path

import numpy as np
from common import Array, Index, icosphere, write

AMPLITUDE = 0.04
WAVES = np.array([(5.0, 2.0, 1.0), (-2.0, 4.5, 3.0), (1.0, -3.0, 5.0)])
PHASES = np.array([0.3, 1.1, 2.5])
LEVEL = 4
EULER = 2


def build() -> tuple[Array, Index]:
    """The vertices ``(vertex, xyz)`` and faces ``(face, corner)``."""
    points, faces = icosphere(LEVEL)
    radius = 1 + AMPLITUDE * np.cos(points @ WAVES.T + PHASES).sum(axis=1)
    return points * radius[:, None], faces


if __name__ == "__main__":
    write(Path(__file__).with_name("bumpy_sphere.ply"), *build(), EULER)
