"""Logarithms and transports of `MeshTangent` against the smooth sphere and cylinder."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from experiments.geometry.shapes import triangulated
from gaugecnn.geometry.discs import wrapped
from gaugecnn.geometry.loading import load_mesh
from gaugecnn.geometry.sphere_tangent import SphereTangent
from gaugecnn.geometry.surface import surface_from_mesh
from gaugecnn.surfaces import Icosphere
from tests.geometry.meshes import tangent_of
from tests.shipped import MESHES

LIMITS = [5e-4, 0.004, 0.008]


def angle_of_frames(tangent, first, second):
    """The angle of e1 from `first` in the plane of `first` and `second` ``(vertex,)``."""
    e1 = tangent.frames[:, 0]
    return np.arctan2((e1 * second).sum(1), (e1 * first).sum(1))


def mean_edge(tangent):
    return float(tangent.ring.length.mean())


def errors(found, r, direction, alpha):
    """Of r (relative), theta and phi against distances and directions ``(pair,)`` each.

    The truth is flat or a sphere's: `direction` is a function of (target, source), alpha the
    angle of e1 from the zero of these directions ``(vertex,)``.
    """
    p, q = found.base, found.vertex
    phi = direction(p, q) - direction(q, p) - math.pi
    return np.array([
        np.abs(found.distance / r - 1).max(),
        np.abs(wrapped(found.angle + alpha[p] - direction(p, q))).max(),
        np.abs(wrapped(found.transport + alpha[p] - alpha[q] - phi)).max(),
    ])  # fmt: skip


@cache
def icosphere(level):
    vertices, faces = (getattr(Icosphere(level).surface, name) for name in ("vertices", "faces"))
    return tangent_of(vertices, faces), SphereTangent.aligned(vertices)


def sphere_errors(tangent, sphere, found, radius=1.0):
    alpha = angle_of_frames(tangent, sphere.frames[:, 0], sphere.frames[:, 1])
    r = sphere.between(found.base, found.vertex).distance
    direction = lambda p, q: sphere.between(p, q).angle  # noqa: E731
    return errors(found, radius * r, direction, alpha)


def icosphere_errors(level, radius=None):
    tangent, sphere = icosphere(level)
    return sphere_errors(tangent, sphere, tangent.discs(radius or 2.3 * mean_edge(tangent)))


def test_sphere_is_met_to_second_order_in_discs_of_some_edges():
    """Straight lines pass a vertex on one side: a quarter of its curvature in direction."""
    coarse, fine, finer = (icosphere_errors(level) for level in (2, 3, 4))
    assert (coarse < [0.009, 0.024, 0.048]).all()
    assert (fine < [0.0023, 0.0062, 0.0125]).all()
    assert (finer < [6e-4, 0.0016, 0.0032]).all()
    assert (coarse / fine > 3.5).all()
    assert (fine / finer > 3.5).all()


def test_sphere_is_met_to_first_order_in_discs_of_one_radius():
    """Along a row of vertices, lines pass all of them on one side; lengths know little of it."""
    coarse, fine, finer = (icosphere_errors(level, radius=1.0) for level in (2, 3, 4))
    assert (coarse < [0.01, 0.045, 0.085]).all()
    assert (coarse / fine > [3, 1.5, 1.5]).all()
    assert (fine / finer > [3, 1.7, 1.7]).all()


def cylinder_errors(around):
    """Radius 1/2, height 2, irregular inside; discs of 0.5 that stay 0.2 away from the boundary."""
    up, step = round(around * 2 / math.pi), math.pi / around
    i, j = np.divmod(np.arange((up + 1) * around), around)
    moved = np.random.default_rng(0).uniform(-0.2, 0.2, (len(i), 2))
    grid = np.stack([i, j], axis=-1) + moved * ((i > 0) & (i < up))[:, None]
    height, arc = 2 * grid[:, 0] / up, step * (grid[:, 1] + np.round(grid[:, 0]) % 2 / 2)
    sheets = np.concatenate([np.stack([arc + k * math.pi, height], axis=-1) for k in (-1, 0, 1)])
    _, faces = triangulated(sheets)
    centre = sheets[faces, 0].mean(axis=1)
    faces = faces[(centre >= 0) & (centre < math.pi)] % len(arc)
    c, s = np.cos(2 * arc), np.sin(2 * arc)
    tangent = tangent_of(np.stack([c / 2, s / 2, height], axis=-1), faces)

    def unrolled(p, q):
        return wrapped(2 * (arc[q] - arc[p])) / 2, height[q] - height[p]

    found = tangent.discs(0.5, np.flatnonzero(np.abs(height - 1) < 0.3))
    zero, up = np.stack([-s, c, 0 * c], axis=-1), np.array([0, 0, 1.0])
    alpha = angle_of_frames(tangent, zero, up)
    return errors(
        found, np.hypot(*unrolled(found.base, found.vertex)),
        lambda p, q: np.arctan2(*unrolled(p, q)[::-1]), alpha,
    )  # fmt: skip


def test_cylinder_is_met_to_second_order():
    coarse, fine = cylinder_errors(12), cylinder_errors(24)
    assert (coarse < [0.021, 0.016, 0.016]).all()
    assert (fine < [0.0058, 0.0054, 0.0056]).all()
    assert (coarse / fine > 2.5).all()


def test_hemisphere_is_met_near_its_pole():
    surface = surface_from_mesh("hemisphere", *load_mesh(MESHES / "hemisphere.ply"))
    top, edge = surface.vertices[:, 2].max(), surface.vertices[:, 2].min()
    about = surface.vertices - [0, 0, edge]
    radius = np.linalg.norm(about, axis=1)
    np.testing.assert_allclose(radius, top - edge, rtol=1e-5)
    np.testing.assert_allclose(radius, math.sqrt(2), rtol=1e-3)  # inscribed, so a little more
    sphere = SphereTangent.aligned(about / radius[:, None])
    pole = surface.vertices[:, 2].argmax(keepdims=True)
    near = surface.tangent.discs(0.5, pole).vertex
    assert len(near) > 50
    found = surface.tangent.discs(0.4, np.sort(near))
    assert (sphere_errors(surface.tangent, sphere, found, math.sqrt(2)) < LIMITS).all()
    boundary = surface.mesh.boundary
    np.testing.assert_allclose(np.ptp(surface.vertices[boundary, 2]), 0, atol=1e-6)
    assert len(boundary) == 80


def test_discs_reach_almost_to_the_antipode():
    for level, least in ((2, 2.5), (3, 2.8)):
        tangent, sphere = icosphere(level)
        corners = np.arange(12)
        distance = sphere.discs(math.pi, corners)
        found = tangent.discs(4.0, corners)
        near = distance.where(distance.distance < least)
        key, known = (d.base * len(tangent.frames) + d.vertex for d in (near, found))
        assert np.isin(key, known).all()
        points = sphere.frames[:, 2]
        chord = np.linalg.norm(points[found.base] - points[found.vertex], axis=1)
        assert (found.distance >= chord - 1e-12).all()
