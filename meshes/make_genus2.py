"""Writes genus2.ply: a closed surface with two holes, two tori of revolution blended smoothly.

The tori have the radii 1 and 0.4, lie flat, and their centres are 2.2 apart. With the distances
d1 and d2 to their core circles the surface is exp(-d1/0.15) + exp(-d2/0.15) = exp(-0.4/0.15).

The mesh starts as the boundary of a slab of 35 x 21 x 7 cubes with two square holes, moved onto
the surface. Then it is relaxed: in turns, edges are flipped that the Delaunay criterion rejects,
and every vertex moves towards the mean of its neighbours, weighted by their areas, and back onto
the surface. 2,448 vertices; no coarser mesh is nested in it.
"""

from pathlib import Path

import numpy as np
import trimesh
from common import Array, Index, write

MAJOR, MINOR = 1.0, 0.4
CENTRE = 1.1
BLEND = 0.15
STEPS = 7  # cubes along each edge of one of the 5 x 3 blocks that make up the slab
BLOCK = np.array([1.0, 0.93, 0.8])
ROUNDS = 80
MARGIN = 1e-3  # radians by which an edge must fail before it is flipped, so that none is a tie
EULER = -2


def slab() -> tuple[Array, Index]:
    """The boundary of the slab, two triangles for each side of a cube."""
    solid = np.zeros((5 * STEPS + 2, 3 * STEPS + 2, STEPS + 2), dtype=bool)  # a border of air
    solid[1:-1, 1:-1, 1:-1] = True
    for start in (STEPS + 1, 3 * STEPS + 1):
        solid[start : start + STEPS, STEPS + 1 : 2 * STEPS + 1] = False
    quads = []
    for axis in range(3):
        e1, e2 = np.roll(np.eye(3, dtype=np.int64), -1 - axis, axis=0)[:2]
        for outward in (1, -1):
            cubes = np.argwhere(solid & ~np.roll(solid, -outward, axis))
            corner = cubes + (outward > 0) * np.eye(3, dtype=np.int64)[axis]
            loop = np.stack([corner, corner + e1, corner + e1 + e2, corner + e2], axis=1)
            quads.append(loop[:, ::outward])
    corners = np.concatenate(quads)  # (quad, corner, xyz)
    grid, faces = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    a, b, c, d = faces.reshape(-1, 4).T
    vertices = (grid - np.array(solid.shape) / 2) / STEPS * BLOCK
    return vertices, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def project(points: Array) -> Array:
    """Newton steps along the gradient to where the blended distance to the circles is MINOR."""
    centres = np.array([[[-CENTRE, 0, 0]], [[CENTRE, 0, 0]]])
    for _ in range(20):
        local = points - centres  # (torus, point, xyz)
        flat = local * np.array([1, 1, 0])
        from_circle = local - MAJOR * flat / np.linalg.norm(flat, axis=-1, keepdims=True)
        distance = np.linalg.norm(from_circle, axis=-1)
        weight = np.exp(-distance / BLEND)
        value = -BLEND * np.log(weight.sum(axis=0)) - MINOR
        share = weight / weight.sum(axis=0) / distance
        gradient = (share[..., None] * from_circle).sum(axis=0)
        points = points - (value / (gradient**2).sum(axis=1))[:, None] * gradient
    return points


def flip(vertices: Array, faces: Index) -> Index:
    """One round of flips of edges whose opposite angles add up to more than half a turn."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    sides = np.stack([np.roll(faces, -1, axis=1), np.roll(faces, -2, axis=1)], axis=-1)
    order = np.lexsort(np.sort(sides.reshape(-1, 2), axis=1).T)  # both sides of an edge in turn
    first, second = order[::2], order[1::2]  # a side goes by the number of its opposite corner
    excess = mesh.face_angles.ravel()[first] + mesh.face_angles.ravel()[second] - np.pi
    bad = np.flatnonzero(excess > MARGIN)
    edges = {(int(a), int(b)) for a, b in sides.reshape(-1, 2)}
    faces, touched = faces.copy(), set()
    for edge in bad[np.argsort(-excess[bad], kind="stable")]:
        (f, i), (g, j) = divmod(int(first[edge]), 3), divmod(int(second[edge]), 3)
        c, d = int(faces[f, i]), int(faces[g, j])
        if f in touched or g in touched or (c, d) in edges:
            continue
        a, b = faces[f, (i + 1) % 3], faces[f, (i + 2) % 3]
        faces[f], faces[g] = (c, a, d), (d, b, c)
        touched |= {f, g}
        edges |= {(c, d), (d, c)}
    return faces


def relax(vertices: Array, faces: Index) -> Array:
    """Move every vertex to the mean of its neighbours, weighted by their areas, and project."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    area = np.bincount(faces.ravel(), np.repeat(mesh.area_faces, 3))
    target, source = np.roll(faces, -1, axis=1).ravel(), faces.ravel()  # each neighbour once
    weighted = area[source, None] * vertices[source]
    total = np.bincount(target, area[source])
    mean = np.stack([np.bincount(target, column) for column in weighted.T], axis=1)
    return project(mean / total[:, None])


def build() -> tuple[Array, Index]:
    """The vertices ``(vertex, xyz)`` and faces ``(face, corner)``."""
    vertices, faces = slab()
    vertices = project(vertices)
    for _ in range(ROUNDS):
        faces = flip(vertices, faces)
        vertices = relax(vertices, faces)
    return vertices, flip(vertices, faces)


if __name__ == "__main__":
    write(Path(__file__).with_name("genus2.ply"), *build(), EULER)
