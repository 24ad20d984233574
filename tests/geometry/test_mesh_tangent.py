"""Logarithms and transports of `MeshTangent` against closed forms on sphere, plane and cylinder."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy.spatial import Delaunay

from gaugecnn.geometry.loading import load_mesh
from gaugecnn.geometry.mesh_tangent import MeshTangent
from gaugecnn.geometry.surface import surface_from_mesh
from gaugecnn.geometry.tangent import SphereTangent
from gaugecnn.surfaces import Icosphere
from tests.shipped import MESHES


def wrapped(angle):
    return np.angle(np.exp(1j * angle))


def pairs(tangent, targets, radius):
    """Pairs of different vertices within a radius, both among `targets`."""
    place_p, place_q = tangent.within(targets, targets, radius)
    different = place_p != place_q
    return targets[place_p[different]], targets[place_q[different]]


def angle_of_frames(tangent, first, second):
    """The angle of e1 from `first` in the plane of `first` and `second` ``(vertex,)``."""
    e1 = tangent.frames[:, 0]
    return np.arctan2((e1 * second).sum(1), (e1 * first).sum(1))


def mean_edge(tangent):
    return float(tangent.ring.length.mean())


def errors(tangent, p, q, r, direction, alpha):
    """Of r (relative), theta and phi against distances and directions ``(pair,)`` each.

    The truth is flat or a sphere's: `direction` is a function of (target, source), alpha the
    angle of e1 from the zero of these directions ``(vertex,)``.
    """
    found, theta = tangent.logarithms(p, q)
    phi = direction(p, q) - direction(q, p) - math.pi
    return np.array([
        np.abs(found / r - 1).max(),
        np.abs(wrapped(theta + alpha[p] - direction(p, q))).max(),
        np.abs(wrapped(tangent.transport(p, q) + alpha[p] - alpha[q] - phi)).max(),
    ])  # fmt: skip


@cache
def icosphere(level):
    vertices, faces = (getattr(Icosphere(level).surface, name) for name in ("vertices", "faces"))
    return MeshTangent(f"sphere {level}", vertices, faces), SphereTangent.aligned(vertices)


def sphere_errors(tangent, sphere, p, q, radius):
    alpha = angle_of_frames(tangent, sphere.frames[:, 0], sphere.frames[:, 1])
    r, _ = sphere.logarithms(p, q)
    return errors(tangent, p, q, radius * r, lambda p, q: sphere.logarithms(p, q)[1], alpha)


def icosphere_errors(level, radius=None):
    tangent, sphere = icosphere(level)
    p, q = pairs(sphere, np.arange(len(sphere.frames)), radius or 2.3 * mean_edge(tangent))
    return sphere_errors(tangent, sphere, p, q, 1.0)


def test_sphere_is_met_to_second_order_in_discs_of_some_edges():
    coarse, fine = icosphere_errors(2), icosphere_errors(3)
    assert (coarse < [0.014, 0.002, 0.0035]).all()
    assert (fine < [0.0042, 5e-4, 0.00095]).all()
    assert (coarse / fine > 3).all()


@pytest.mark.slow
def test_sphere_is_met_to_second_order_on_a_finer_mesh_too():
    assert (icosphere_errors(4) < [0.0011, 1.3e-4, 2.5e-4]).all()
    assert (icosphere_errors(3) / icosphere_errors(4) > 3).all()


def test_sphere_is_met_to_first_order_in_discs_of_one_radius():
    coarse, fine = icosphere_errors(2, radius=0.5), icosphere_errors(3, radius=0.5)
    assert (coarse < [0.012, 0.002, 0.003]).all()
    assert (coarse / fine > [1.7, 2.5, 2]).all()


def triangles(points):
    """Delaunay faces of points of the plane, counter-clockwise, without flat ones."""
    faces = Delaunay(points).simplices.astype(np.int64)
    (ax, ay), (bx, by) = (
        np.moveaxis(points[faces[:, i]] - points[faces[:, 0]], 1, 0) for i in (1, 2)
    )
    area = ax * by - ay * bx
    faces[area < 0] = faces[area < 0][:, ::-1]
    return faces[np.abs(area) > 1e-9]


def jittered(steps_x, steps_y, keep, jitter):
    """Points (i, j) of a grid, all but the kept ones moved by up to `jitter` of a step."""
    i, j = np.divmod(np.arange(steps_x * steps_y), steps_y)
    moved = np.random.default_rng(0).uniform(-jitter, jitter, (len(i), 2))
    return np.stack([i, j], axis=-1) + moved * ~keep(i, j)[:, None]


@cache
def plane(steps):
    """The unit square, irregular inside."""
    border = lambda i, j: (np.minimum(i, j) == 0) | (np.maximum(i, j) == steps)  # noqa: E731
    xy = jittered(steps + 1, steps + 1, border, 0.35) / steps
    tangent = MeshTangent("plane", np.pad(xy, ((0, 0), (0, 1))), triangles(xy))
    inside = np.flatnonzero((np.abs(xy - 0.5) < 0.2 + 1e-9).all(axis=1))
    direction = lambda p, q: np.arctan2(*(xy[q] - xy[p]).T[::-1])  # noqa: E731
    p, q = pairs(tangent, inside, 0.25)
    alpha = angle_of_frames(tangent, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    r = np.linalg.norm(xy[q] - xy[p], axis=1)
    return tangent, errors(tangent, p, q, r, direction, alpha), (p, q, r, direction, alpha)


def test_plane_is_met_exactly_away_from_its_boundary():
    """The boundary is felt as ``exp(-distance / edge)``: no power of the edge length."""
    found = {steps: plane(steps)[1] for steps in (8, 16, 24)}
    assert (found[8] < 0.002).all()
    assert (found[8] / found[16] > 20).all()
    assert (found[16] / found[24] > 20).all()
    assert (found[24] < 5e-7).all()  # the table is in single precision


def test_edges_of_a_plane_are_exact_in_double_precision():
    tangent, _, (p, q, r, direction, alpha) = plane(24)
    key = tangent.ring.target * len(tangent.frames) + tangent.ring.source
    edge = np.isin(p * len(tangent.frames) + q, key)
    assert edge.sum() > 300
    assert (errors(tangent, p[edge], q[edge], r[edge], direction, alpha) < 1e-12).all()


def cylinder_errors(around):
    """Radius 1/2, height 2, irregular inside; discs of 0.5 that stay 0.2 away from the boundary."""
    up, step = round(around * 2 / math.pi), math.pi / around
    grid = jittered(up + 1, around, lambda i, j: (i == 0) | (i == up), 0.2)
    height, arc = 2 * grid[:, 0] / up, step * (grid[:, 1] + np.round(grid[:, 0]) % 2 / 2)
    sheets = np.concatenate([np.stack([arc + k * math.pi, height], axis=-1) for k in (-1, 0, 1)])
    faces = triangles(sheets)
    centre = sheets[faces, 0].mean(axis=1)
    faces = faces[(centre >= 0) & (centre < math.pi)] % len(arc)
    c, s = np.cos(2 * arc), np.sin(2 * arc)
    tangent = MeshTangent("cylinder", np.stack([c / 2, s / 2, height], axis=-1), faces)

    def unrolled(p, q):
        return wrapped(2 * (arc[q] - arc[p])) / 2, height[q] - height[p]

    p, q = pairs(tangent, np.flatnonzero(np.abs(height - 1) < 0.3), 0.5)
    zero, up = np.stack([-s, c, 0 * c], axis=-1), np.array([0, 0, 1.0])
    alpha = angle_of_frames(tangent, zero, up)
    return errors(
        tangent, p, q, np.hypot(*unrolled(p, q)),
        lambda p, q: np.arctan2(*unrolled(p, q)[::-1]), alpha,
    )  # fmt: skip


def test_cylinder_is_met_to_second_order():
    coarse, fine = cylinder_errors(12), cylinder_errors(24)
    assert (coarse < [0.021, 0.016, 0.01]).all()
    assert (fine < [0.0058, 0.0045, 0.0028]).all()
    assert (coarse / fine > 3).all()


def test_hemisphere_is_met_near_its_pole():
    surface = surface_from_mesh("hemisphere", *load_mesh(MESHES / "hemisphere.ply"))
    radius = np.linalg.norm(surface.vertices, axis=1)
    np.testing.assert_allclose(radius, math.sqrt(2), rtol=1e-3)  # inscribed, so a little more
    sphere = SphereTangent.aligned(surface.vertices / radius[:, None])
    pole = surface.vertices[:, 2].argmax(keepdims=True)
    _, near = sphere.within(pole, np.arange(len(surface)), 0.5 / math.sqrt(2))
    assert len(near) > 50
    found = sphere_errors(surface.tangent, sphere, *pairs(sphere, near, 1.0), math.sqrt(2))
    assert (found < [0.005, 6e-4, 0.0011]).all()
    boundary = surface.tangent.boundary
    assert (surface.vertices[boundary, 2] < 1e-6).all()
    assert len(boundary) == 80


def test_logarithms_are_torn_at_the_antipode():
    for level, least in ((2, 2.5), (3, 2.8)):  # it is torn the nearer to the antipode
        tangent, sphere = icosphere(level)
        corners, everywhere = np.arange(12), np.arange(len(sphere.frames))
        distance = sphere.logarithms_from(corners, math.pi)[0]
        r, theta = tangent.logarithms_from(corners, 4.0)
        antipode = distance > math.pi - 1e-6
        assert antipode.sum() == 12
        assert np.isnan(theta[antipode]).all()
        np.testing.assert_allclose(r[antipode], math.pi, rtol=0.04)
        assert not np.isnan(theta[distance < least]).any()
        left = np.zeros(theta.shape, dtype=bool)
        left[tangent.within(corners, everywhere, 4.0)] = True
        assert not left[np.isnan(theta)].any()
        assert left[distance < least].all()
        assert (r >= 2 * np.sin(distance / 2) - 1e-6).all()  # no shorter than the chord
