"""What a surface with two handles says of itself: curvature, and its gradient, at each vertex.

One surface is one sample. Half of its vertices, drawn once, are to train on, the others to test on;
each training sample shows a random half of the former, and all others are NaN, which count for
nothing. The network reads positions (``data.input=xyz``), as their part along the normal and their
part in the tangent plane, so that it cannot know where a vertex lies but by the shape around it:

    gaugecnn train model=gauge task=field_regression domain.kind=mesh domain.file=meshes/genus2.ply
        data.name=experiments.own_fields.shape:curvature data.input=xyz model.in_channels=0
        model.in_vectors=1 data.validation_size=4 train.epochs=30 train.batch_size=4
"""

from __future__ import annotations

import numpy as np

from gaugecnn.data import Fields
from gaugecnn.surfaces import TriangleMesh
from gaugecnn.surfaces.descriptors import curvatures

SAMPLES = 64
SMOOTHINGS = 8


def curvature(train: bool, domain: TriangleMesh) -> Fields:
    """The mean curvature of each vertex."""
    return shown(mean_curvature(domain)[None], train)


def slope(train: bool, domain: TriangleMesh) -> Fields:
    """The gradient of the mean curvature, a tangent vector at each vertex."""
    gradient = gradient_of(mean_curvature(domain), domain)
    return shown(gradient.T[None], train)


def mean_curvature(domain: TriangleMesh) -> np.ndarray:
    """Smoothed over some rings, so that it is a function of the surface and not of its faces."""
    surface = domain.surface
    values = curvatures(surface.vertices, surface.faces)[:, 0]
    target, source = surface.mesh.neighbours
    count = np.bincount(target, minlength=len(values))
    for _ in range(SMOOTHINGS):
        values = (values + np.bincount(target, values[source], len(values)) / count) / 2
    return values


def gradient_of(values: np.ndarray, domain: TriangleMesh) -> np.ndarray:
    """The mean of the gradients in the faces around each vertex, ``(vertex, xyz)``."""
    vertices, faces = domain.surface.vertices, domain.surface.faces
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = (normals**2).sum(axis=1, keepdims=True)
    gradient = np.zeros_like(normals)
    for k in range(3):  # of the hat function of corner k: n x (the side across) / 2A
        side = corners[:, (k + 2) % 3] - corners[:, (k + 1) % 3]
        gradient += values[faces[:, k], None] * np.cross(normals, side) / doubled
    weights = np.sqrt(doubled)
    total, share = np.zeros_like(vertices), np.zeros((len(vertices), 1))
    for k in range(3):
        np.add.at(total, faces[:, k], weights * gradient)
        np.add.at(share, faces[:, k], weights)
    return total / share


def shown(target: np.ndarray, train: bool) -> Fields:
    """Samples of a target ``(output or xyz, vertex)`` at the vertices of one half."""
    count = target.shape[-1]
    random = np.random.default_rng(0)
    mine = (random.random(count) < 0.5) == train
    axes = (None,) * (target.ndim - 1)
    hidden = [
        ~mine | (train & (random.random(count) < 0.5)) for _ in range(SAMPLES if train else 1)
    ]
    masked = [np.where(h[axes], np.nan, target) for h in hidden]
    stacked = np.stack(masked)[:, None] if target.shape[0] == 3 else np.stack(masked)
    return Fields(None, stacked)
