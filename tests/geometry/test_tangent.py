from __future__ import annotations

import math

import numpy as np
import pytest

from gaugecnn.surfaces import Icosphere, TriangleMesh
from tests.surfaces.test_mesh import torus


def test_frames_are_right_handed_and_outward():
    for surface in (Icosphere(2).surface, TriangleMesh(*torus()).surface):
        e1, e2, normal = (surface.tangent.frames[:, i] for i in range(3))
        np.testing.assert_allclose(np.cross(e1, e2), normal, atol=1e-6)
        np.testing.assert_allclose((e1 * e2).sum(1), 0, atol=1e-6)
    sphere = Icosphere(2).surface
    np.testing.assert_allclose(sphere.tangent.frames[:, 2], sphere.vertices)


def test_logarithm_on_the_sphere_is_inverted_by_the_exponential():
    surface = Icosphere(2).surface
    found = surface.discs(1.0)
    r, theta = found.distance, found.angle
    frames = surface.tangent.frames[found.base]
    direction = np.cos(theta)[:, None] * frames[:, 0] + np.sin(theta)[:, None] * frames[:, 1]
    reached = np.cos(r)[:, None] * frames[:, 2] + np.sin(r)[:, None] * direction
    np.testing.assert_allclose(reached, surface.vertices[found.vertex], atol=1e-12)
    assert r.max() <= 1.0


def test_transport_on_the_sphere_carries_the_tangent_of_the_geodesic():
    surface = Icosphere(2).surface
    found = surface.discs(0.8)
    back = surface.tangent.between(found.vertex, found.base)
    # At q the geodesic from p goes on in the direction theta_qp + pi; carried back to p that is
    # theta_pq.
    difference = np.exp(1j * (back.angle + math.pi + found.transport - found.angle))
    np.testing.assert_allclose(difference, 1, atol=1e-12)
    np.testing.assert_allclose(np.exp(1j * (found.transport + back.transport)), 1, atol=1e-12)


def test_holonomy_around_a_triangle_is_its_area():
    surface = Icosphere(3).surface
    a, b, c = surface.faces.T
    sides = ((a, b), (b, c), (c, a))
    turn = sum(surface.tangent.between(x, y).transport for x, y in sides)
    area = np.abs(np.angle(np.exp(1j * turn)))
    assert area.sum() == pytest.approx(4 * math.pi, rel=1e-9)  # Gauss-Bonnet


def test_turning_frames_turns_logarithms():
    for surface in (Icosphere(1).surface, TriangleMesh(*torus()).surface):
        angles = np.random.default_rng(0).uniform(0, 6, len(surface))
        turned = surface.turned(angles)
        ours, theirs = surface.one_ring, turned.one_ring
        np.testing.assert_allclose(ours.distance, theirs.distance, atol=1e-9)
        difference = np.exp(1j * (ours.angle - theirs.angle))
        np.testing.assert_allclose(difference, np.exp(1j * angles[ours.base]), atol=1e-9)


def test_a_mesh_that_is_no_sphere_is_close_to_its_closed_form():
    """An ellipsoid of almost equal axes is unfolded, and is almost a sphere."""
    sphere = Icosphere(3).surface
    squeezed = TriangleMesh(sphere.vertices * [1, 1, 1.001], sphere.faces).surface
    assert type(squeezed.tangent) is not type(sphere.tangent)
    ours = squeezed.discs(0.4)
    theirs = sphere.tangent.between(ours.base, ours.vertex)
    np.testing.assert_allclose(ours.distance, theirs.distance, rtol=0.005)
    frames = [s.tangent.frames for s in (sphere, squeezed)]
    angle = np.arctan2(*((frames[1][:, 0] * frames[0][:, i]).sum(1) for i in (1, 0)))
    carried = ours.transport + angle[ours.base] - angle[ours.vertex]
    assert np.abs(np.exp(1j * carried) - np.exp(1j * theirs.transport)).mean() < 0.01


@pytest.mark.parametrize("chord", [0.05, 1.5, 2.0])
def test_discs_of_the_sphere_are_all_its_points_within_reach(chord):
    surface = Icosphere(2).surface
    radius = 2 * math.asin(chord / 2)
    found = surface.tangent.discs(radius, np.array([3, 77]))
    for base in (3, 77):
        far = np.linalg.norm(surface.vertices - surface.vertices[base], axis=1)
        near = np.flatnonzero((far <= chord + 1e-9) & (far > 0) & (far < 2 - 1e-9))
        np.testing.assert_array_equal(found.vertex[found.base == base], near)
