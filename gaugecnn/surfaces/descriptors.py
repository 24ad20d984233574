"""What a surface itself says at each vertex: its curvatures, and how heat stays there."""

from __future__ import annotations

import math

import numpy as np
import scipy

from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.geometry.connectivity import Connectivity

EIGENFUNCTIONS = 96


def laplacian(vertices: Array, faces: Index) -> tuple[scipy.sparse.csr_matrix, Array]:
    """The cotangent Laplacian L ``(vertex, vertex)`` and the area of each vertex ``(vertex,)``.

    ``(L f)_p = sum_q (cot a_pq + cot b_pq) / 2 (f_p - f_q)``, a and b the angles across the edge.
    The area of a vertex is what of the faces around is nearer to it than to their other corners;
    of a face with an obtuse angle its corner there takes half, the others a quarter each.

    Source: Pinkall & Polthier 1993; Meyer et al. 2003, section 3.3.
    """
    corners = vertices[faces]  # (face, corner, xyz)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.maximum(np.linalg.norm(normals, axis=1), 1e-300)
    sides = [corners[:, (k + 2) % 3] - corners[:, (k + 1) % 3] for k in range(3)]  # across corners
    dots = np.stack([-(sides[(k + 1) % 3] * sides[(k + 2) % 3]).sum(axis=1) for k in range(3)], 1)
    cotangents = dots / doubled[:, None]  # (face, corner)
    squares = np.stack([(side**2).sum(axis=1) for side in sides], axis=1)
    near = (squares * cotangents).sum(axis=1, keepdims=True) - squares * cotangents
    obtuse = (dots < 0).any(axis=1, keepdims=True)
    shares = np.where(obtuse, doubled[:, None] * np.where(dots < 0, 1 / 4, 1 / 8), near / 8)
    count = len(vertices)
    areas = np.bincount(faces.ravel(), shares.ravel(), minlength=count).astype(np.float64)
    rows, columns, values = [], [], []
    for k in range(3):
        i, j, weight = faces[:, (k + 1) % 3], faces[:, (k + 2) % 3], cotangents[:, k] / 2
        rows += [i, j, i, j]
        columns += [j, i, i, j]
        values += [-weight, -weight, weight, weight]
    where = np.concatenate(rows), np.concatenate(columns)
    matrix = scipy.sparse.csr_matrix((np.concatenate(values), where), shape=(count, count))
    return matrix, areas


def curvatures(vertices: Array, faces: Index) -> Array:
    """Mean and Gaussian curvature of each vertex, ``(vertex, (mean, Gaussian))``.

    ``H n = (L x) / 2A`` with n outward, positive where the surface is convex; ``K = (2 pi - sum of
    the angles) / A``, at a boundary ``(pi - sum) / A``. Of a sphere of radius r they are ``1 / r``
    and ``1 / r^2``.

    Source: Meyer et al. 2003.
    """
    matrix, areas = laplacian(vertices, faces)
    areas = np.maximum(areas, 1e-300)
    pull = matrix @ vertices / (2 * areas)[:, None]
    corners = vertices[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals, sums = np.zeros_like(vertices), np.zeros(len(vertices))
    for k in range(3):
        np.add.at(normals, faces[:, k], face_normals)
        a, b = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
        angle = np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), (a * b).sum(axis=1))
        np.add.at(sums, faces[:, k], angle)
    mean = np.sign((pull * normals).sum(axis=1)) * np.linalg.norm(pull, axis=1)
    whole = np.where(Connectivity(faces, len(vertices)).on_boundary, math.pi, 2 * math.pi)
    return np.stack([mean, (whole - sums) / areas], axis=1)


def heat_kernel_signature(vertices: Array, faces: Index, times: int) -> Array:
    """``h_t(p) = sum_i exp(-t lambda_i) phi_i(p)^2`` at times spaced evenly in log t, each ``h_t``
    over its mean, ``(vertex, time)``.

    Of the generalised eigenproblem ``L phi = lambda A phi``, smallest values first; times run from
    ``4 ln 10 / lambda_last`` to ``4 ln 10 / lambda_2``. No isometry changes it.

    Source: Sun, Ovsjanikov & Guibas 2009, section 5.
    """
    matrix, areas = laplacian(vertices, faces)
    count = min(EIGENFUNCTIONS, len(vertices) - 2)
    mass = scipy.sparse.diags(np.maximum(areas, 1e-12 * areas.mean()))
    start = np.ones(len(vertices))  # otherwise drawn at random
    shift = -1e-3 * 8 * math.pi / areas.sum()
    values, functions = scipy.sparse.linalg.eigsh(
        matrix, count, mass, sigma=shift, which="LM", v0=start
    )
    order = np.argsort(values)
    values, functions = values[order].clip(min=0), functions[:, order]
    first = values[values > 1e-6 * values[-1]][0]
    span = 4 * math.log(10)
    t = np.exp(np.linspace(math.log(span / values[-1]), math.log(span / first), times))
    signature = functions**2 @ np.exp(-np.outer(values, t))
    return signature / (areas @ signature / areas.sum())
