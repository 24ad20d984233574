"""Writes torus.ply: the torus of revolution with radii 1 and 0.45, 48 x 24 vertices.

The vertices lie on a grid of even size, so that every other one is a coarser torus: the mesh
holds three levels nested by subdivision.
"""

from pathlib import Path

import numpy as np
import trimesh

AROUND, ACROSS = 48, 24
MAJOR, MINOR = 1.0, 0.45

if __name__ == "__main__":
    u, v = np.meshgrid(
        2 * np.pi * np.arange(AROUND) / AROUND,
        2 * np.pi * np.arange(ACROSS) / ACROSS,
        indexing="ij",
    )
    radius = MAJOR + MINOR * np.cos(v)
    vertices = np.stack([radius * np.cos(u), radius * np.sin(u), MINOR * np.sin(v)], axis=-1)
    i, j = np.meshgrid(np.arange(AROUND), np.arange(ACROSS), indexing="ij")

    def at(a, b):
        """The index of a grid point; the grid closes on itself both ways."""
        return (a % AROUND) * ACROSS + b % ACROSS

    lower = np.stack([at(i, j), at(i + 1, j), at(i + 1, j + 1)], axis=-1).reshape(-1, 3)
    upper = np.stack([at(i, j), at(i + 1, j + 1), at(i, j + 1)], axis=-1).reshape(-1, 3)
    mesh = trimesh.Trimesh(vertices.reshape(-1, 3), np.concatenate([lower, upper]), process=False)
    assert mesh.is_watertight
    assert mesh.volume > 0  # faces are counter-clockwise seen from outside
    mesh.export(Path(__file__).with_name("torus.ply"))
