"""Logarithmic maps of many vertices of a mesh, by the affine heat method (potpourri3d).

Runs as a program too, so that several processes can share the work: it then imports this file
and nothing else of the package, prints a line for every few vertices, and writes what it found.

    python heat_worker.py MESH.npz FIRST STEP OUTPUT.npy
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import potpourri3d
from numpy.typing import NDArray

EVERY = 16
"""Vertices between two lines of progress."""

AGREEMENT = 0.8
"""Least ratio of a logarithm's length to the distance; at the cut locus logarithms cancel."""


def solve(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    sources: NDArray[np.int64],
    radius: float,
    progress: Callable[[int], object] = lambda done: None,
) -> NDArray[np.float32]:
    """Polar coordinates of the vertices within `radius` of each of `sources`, and of its ring.

    Args:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        sources: the vertices at which the maps are based.
        radius: how far they reach.
        progress: told how many more are done.

    Returns:
        rows (base, other vertex, r, theta), ``(4, entry)``; theta from the solver's own zero, NaN
        where the logarithm is shorter than the distance: shortest geodesics leave in several
        directions there. float32 holds indices up to 16 million.
    """
    solver = potpourri3d.MeshVectorHeatSolver(vertices, faces)
    distances = potpourri3d.MeshHeatMethodDistanceSolver(vertices, faces)
    neighbours: dict[int, list[int]] = {int(p): [] for p in sources}
    for corners in faces.tolist():
        for p in corners:
            if p in neighbours:
                neighbours[p] += corners
    found = []
    for done, p in enumerate(sources.tolist(), start=1):
        x, y = solver.compute_log_map(p).T
        r, theta, distance = np.hypot(x, y), np.arctan2(y, x), distances.compute_distance(p)
        torn = r < AGREEMENT * distance
        torn[neighbours[p]] = False
        r, theta = np.where(torn, distance, r), np.where(torn, np.nan, theta)
        near = r <= radius
        near[neighbours[p]] = True
        near[p] = False
        q = np.flatnonzero(near)
        found.append(np.stack([np.full(len(q), p), q, r[q], theta[q]]))
        if done % EVERY == 0 or done == len(sources):
            progress((done - 1) % EVERY + 1)
    return np.concatenate(found, axis=1).astype(np.float32)


if __name__ == "__main__":
    mesh, first, step, output = sys.argv[1:]
    with np.load(mesh) as given:
        shared = given["vertices"], given["faces"], given["sources"][int(first) :: int(step)]
        radius_ = float(given["radius"])
    np.save(output, solve(*shared, radius_, lambda done: print(done, flush=True)))
