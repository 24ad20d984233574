from __future__ import annotations

import math

import numpy as np
import pytest

from gaugecnn.surfaces import Icosphere, TriangleMesh
from tests.surfaces.test_mesh import torus


def disc(surface, radius):
    p, q = surface.tangent.within(surface.index, surface.index, radius)
    return p[p != q], q[p != q]


def test_frames_are_right_handed_and_outward():
    for surface in (Icosphere(2).surface, TriangleMesh(*torus()).surface):
        e1, e2, normal = (surface.tangent.frames[:, i] for i in range(3))
        np.testing.assert_allclose(np.cross(e1, e2), normal, atol=1e-6)
        np.testing.assert_allclose((e1 * e2).sum(1), 0, atol=1e-6)
    sphere = Icosphere(2).surface
    np.testing.assert_allclose(sphere.tangent.frames[:, 2], sphere.vertices)


def test_logarithm_on_the_sphere_is_inverted_by_the_exponential():
    surface = Icosphere(2).surface
    p, q = disc(surface, 1.0)
    r, theta = surface.tangent.logarithms(p, q)
    frames = surface.tangent.frames[p]
    direction = np.cos(theta)[:, None] * frames[:, 0] + np.sin(theta)[:, None] * frames[:, 1]
    reached = np.cos(r)[:, None] * frames[:, 2] + np.sin(r)[:, None] * direction
    np.testing.assert_allclose(reached, surface.vertices[q], atol=1e-12)
    assert r.max() < 1.0


def test_transport_on_the_sphere_carries_the_tangent_of_the_geodesic():
    surface = Icosphere(2).surface
    p, q = disc(surface, 0.8)
    phi = surface.tangent.transport(p, q)
    _, theta_pq = surface.tangent.logarithms(p, q)
    _, theta_qp = surface.tangent.logarithms(q, p)
    # At q the geodesic from p goes on in the direction theta_qp + pi; carried back to p that is
    # theta_pq.
    difference = np.exp(1j * (theta_qp + math.pi + phi - theta_pq))
    np.testing.assert_allclose(difference, 1, atol=1e-12)
    back = surface.tangent.transport(q, p)
    np.testing.assert_allclose(np.exp(1j * (phi + back)), 1, atol=1e-12)


def test_holonomy_around_a_triangle_is_its_area():
    surface = Icosphere(3).surface
    a, b, c = surface.faces.T
    turn = sum(surface.tangent.transport(x, y) for x, y in ((a, b), (b, c), (c, a)))
    area = np.abs(np.angle(np.exp(1j * turn)))
    assert area.sum() == pytest.approx(4 * math.pi, rel=1e-9)  # Gauss-Bonnet


def test_turning_frames_turns_logarithms():
    for surface in (Icosphere(1).surface, TriangleMesh(*torus()).surface):
        angles = np.random.default_rng(0).uniform(0, 6, len(surface))
        turned = surface.turned(angles)
        p, q = surface.one_ring
        (r, theta), (s, other) = (x.tangent.logarithms(p, q) for x in (surface, turned))
        np.testing.assert_allclose(r, s, atol=1e-9)
        np.testing.assert_allclose(np.exp(1j * (theta - other)), np.exp(1j * angles[p]), atol=1e-9)


def test_a_mesh_that_is_no_sphere_is_close_to_its_closed_form():
    """An ellipsoid of almost equal axes is solved for by heat, and is almost a sphere."""
    sphere = Icosphere(3).surface
    squeezed = TriangleMesh(sphere.vertices * [1, 1, 1.001], sphere.faces).surface
    assert type(squeezed.tangent) is not type(sphere.tangent)
    p, q = disc(sphere, 0.4)
    r, _ = sphere.tangent.logarithms(p, q)
    near, _ = squeezed.tangent.logarithms(p, q)
    assert np.abs(r - near).max() < 0.05 * r.max()
    turns = [np.exp(1j * s.tangent.transport(p, q)) for s in (sphere, squeezed)]
    frames = [s.tangent.frames for s in (sphere, squeezed)]
    angle = np.arctan2(*((frames[1][:, 0] * frames[0][:, i]).sum(1) for i in (1, 0)))
    carried = turns[1] * np.exp(1j * (angle[p] - angle[q]))
    assert np.abs(carried - turns[0]).mean() < 0.05
