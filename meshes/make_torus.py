"""Writes torus.ply: the torus of revolution about z with radii 1 and 0.45.

72 vertices around the axis by 32 around the tube, on a triangular grid: each ring is turned by
half a step against the one before. Both numbers are divisible by 8, so that every other vertex
along the edges is a coarser torus: the mesh holds coarser levels nested by subdivision.
"""

from pathlib import Path

import numpy as np
from common import Array, Index, write

AROUND, ACROSS = 72, 32
MAJOR, MINOR = 1.0, 0.45
EULER = 0


def build() -> tuple[Array, Index]:
    """The vertices ``(vertex, xyz)`` and faces ``(face, corner)``."""
    i, j = np.meshgrid(np.arange(AROUND), np.arange(ACROSS), indexing="ij")
    u, v = 2 * np.pi * (i + j / 2) / AROUND, 2 * np.pi * j / ACROSS
    radius = MAJOR + MINOR * np.cos(v)
    vertices = np.stack([radius * np.cos(u), radius * np.sin(u), MINOR * np.sin(v)], axis=-1)

    def at(a: Index, b: Index) -> Index:
        """The index of a grid point; once around the tube is half of ACROSS steps in a."""
        turns, b = np.divmod(b, ACROSS)
        return (a + turns * (ACROSS // 2)) % AROUND * ACROSS + b

    lower = np.stack([at(i, j), at(i + 1, j), at(i, j + 1)], axis=-1).reshape(-1, 3)
    upper = np.stack([at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)], axis=-1).reshape(-1, 3)
    return vertices.reshape(-1, 3), np.concatenate([lower, upper])


if __name__ == "__main__":
    write(Path(__file__).with_name("torus.ply"), *build(), EULER)
