"""A mesh file with a value at each vertex; its gradient along the surface is to be found.

Run from the folder above::

    python examples/own_mesh.py                         # writes ring.ply
    gaugecnn train model=gauge task=field_regression domain.kind=mesh domain.file=ring.ply \
        data.name=examples.own_mesh:load
"""

import numpy as np
import trimesh

from gaugecnn.data import Fields

FILE = "ring.ply"
TRAIN, TEST = 200, 50


def write() -> None:
    """A torus whose tube is wider on one side."""
    mesh = trimesh.creation.torus(1.0, 0.4, major_sections=40, minor_sections=20)
    x, y, z = mesh.vertices.T
    mesh.vertices = np.stack([x, y, z * (1 + 0.3 * x)], axis=-1)
    mesh.export(FILE)


def load(train: bool) -> Fields:
    """Values ``(sample, 1, vertex)``, vectors ``(sample, 1, 3, vertex)``: vertices of the file."""
    random = np.random.default_rng(1 if train else 2)
    vertices = trimesh.load_mesh(FILE, process=False).vertices  # (vertex, xyz)
    vectors = random.normal(size=(TRAIN if train else TEST, 3))
    phase = vectors @ vertices.T + random.uniform(0, 2 * np.pi, size=(len(vectors), 1))
    # What of the gradient in space stands on the surface is left out when the data are read.
    gradients = -np.sin(phase)[:, None] * vectors[:, :, None]  # (sample, xyz, vertex)
    return Fields(np.cos(phase)[:, None], gradients[:, None])


if __name__ == "__main__":
    write()
