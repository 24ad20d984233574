"""`MeshTangent` on a torus of revolution, against geodesics shot through the smooth one."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from gaugecnn.geometry.discs import wrapped
from gaugecnn.geometry.loading import load_mesh
from gaugecnn.geometry.room import room_on
from gaugecnn.geometry.surface import surface_from_mesh
from tests.geometry.meshes import tangent_of
from tests.geometry.test_mesh_tangent import angle_of_frames, mean_edge
from tests.shipped import MESHES

MAJOR, MINOR = 1.0, 0.45  # radii of the torus
COARSE, FINE = [0.11, 0.22], [0.031, 0.063]


@cache
def torus(around, across):
    """A torus of revolution, each ring turned by half a step against the one before."""
    i, j = (x.ravel() for x in np.indices((around, across)))
    u, v = 2 * math.pi * (i + j / 2) / around, 2 * math.pi * j / across

    def at(a, b):
        turns, b = np.divmod(b, across)
        return (a + turns * (across // 2)) % around * across + b

    lower = np.stack([at(i, j), at(i + 1, j), at(i, j + 1)], axis=-1)
    upper = np.stack([at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)], axis=-1)
    return tangent_of(on_torus(u, v), np.concatenate([lower, upper])), u, v


def on_torus(u, v):
    radius = MAJOR + MINOR * np.cos(v)
    return np.stack([radius * np.cos(u), radius * np.sin(u), MINOR * np.sin(v)], axis=-1)


def shoot(u, v, r, direction, carried):
    """Geodesics of the smooth torus and a unit vector carried along: its ends and its angle there.

    Angles are from the circles of latitude; ``ds^2 = (R + m cos v)^2 du^2 + m^2 dv^2``.
    """
    across = lambda v: MAJOR + MINOR * np.cos(v)  # noqa: E731

    def rates(_, state):
        _, v, du, dv, a, b = state.reshape(6, -1)
        s, c = MINOR * np.sin(v) / across(v), across(v) * np.sin(v) / MINOR
        return np.concatenate(
            [du, dv, 2 * s * du * dv, -c * du**2, s * (du * b + dv * a), -c * du * a]
        )

    start = [
        u, v, r * np.cos(direction) / across(v), r * np.sin(direction) / MINOR,
        np.cos(carried) / across(v), np.sin(carried) / MINOR,
    ]  # fmt: skip
    solved = solve_ivp(rates, (0, 1), np.concatenate(start), rtol=1e-8, atol=1e-8)
    u, v, _, _, a, b = solved.y[:, -1].reshape(6, -1)
    return on_torus(u, v), np.arctan2(MINOR * b, across(v) * a)


def torus_errors(around, across, radius=None):
    """How far geodesics shot from p miss q, relative to r, and by what phi is wrong."""
    tangent, u, v = torus(around, across)
    radius = radius or 2.3 * mean_edge(tangent)
    found = tangent.discs(radius, np.arange(2 * across))  # the others by symmetry
    p, q, r = found.base, found.vertex, found.distance
    east = np.stack([-np.sin(u), np.cos(u), 0 * u], axis=-1)
    north = np.stack([-np.sin(v) * np.cos(u), -np.sin(v) * np.sin(u), np.cos(v)], axis=-1)
    alpha = angle_of_frames(tangent, east, north)
    reached, angle = shoot(u[p], v[p], r, found.angle + alpha[p], alpha[p])
    miss = np.linalg.norm(reached - on_torus(u, v)[q], axis=1) / r
    # phi_pq takes components at q to p: e1 of p arrives at q with the angle -phi_pq.
    return np.array([miss.max(), np.abs(wrapped(angle - alpha[q] + found.transport)).max()])


def test_torus_is_met_to_second_order_in_discs_of_some_edges():
    coarse, fine = torus_errors(24, 10), torus_errors(48, 20)
    assert (coarse < COARSE).all()
    assert (fine < FINE).all()
    assert (coarse / fine > 3).all()


def test_torus_is_met_ever_better_in_discs_of_one_radius():
    coarse, fine = torus_errors(24, 10, radius=0.5), torus_errors(48, 20, radius=0.5)
    assert (coarse < [0.08, 0.16]).all()
    assert (coarse / fine > [1.3, 1.4]).all()


def test_geodesics_meet_half_way_around_the_tube():
    surface = surface_from_mesh("torus", *load_mesh(MESHES / "torus.ply"))
    tube = np.abs(surface.vertices[:, 2]).max()
    room = room_on(surface)
    assert room.min() == pytest.approx(math.pi * tube, rel=0.02)
    assert room.max() == pytest.approx(math.pi * tube, rel=0.02)
    found = surface.tangent.discs(math.pi * tube * 0.98, np.arange(0, len(surface), 97))
    straight = found.where(~found.bent)
    assert straight.distance.max() > 0.97 * math.pi * tube


def test_turned_frames_turn_logarithms_and_transports():
    tangent, _, _ = torus(24, 10)
    before = tangent.frames.copy()
    angles = np.random.default_rng(1).uniform(-7, 7, (2, 240))
    turned = tangent.turned(angles[0]).turned(angles[1])
    angle = angles.sum(0)
    np.testing.assert_array_equal(tangent.frames, before)
    np.testing.assert_array_equal(turned.frames[:, 2], before[:, 2])
    by = angle_of_frames(turned, before[:, 0], before[:, 1])
    np.testing.assert_allclose(wrapped(by - angle), 0, atol=1e-12)
    edges = tangent.mesh.neighbours
    for one, other in (
        (tangent.discs(0.8), turned.discs(0.8)),
        (tangent.between(*edges), turned.between(*edges)),
    ):
        np.testing.assert_array_equal(one.vertex, other.vertex)
        np.testing.assert_array_equal(one.distance, other.distance)
        expected = one.angle - angle[one.base]
        np.testing.assert_allclose(wrapped(other.angle - expected), 0, atol=1e-12)
        expected = one.transport - angle[one.base] + angle[one.vertex]
        np.testing.assert_allclose(wrapped(other.transport - expected), 0, atol=1e-12)


def test_short_edges_are_the_ring_s_geodesics():
    tangent, _, _ = torus(24, 10)
    ring = tangent.ring
    edges = tangent.between(ring.target, ring.source)
    np.testing.assert_array_equal(edges.distance, ring.length)
    expected = ring.theta - ring.theta[ring.reverse] - math.pi
    np.testing.assert_allclose(wrapped(edges.transport - expected), 0, atol=1e-12)
    discs = tangent.discs(ring.length.max())
    known = np.isin(discs.base * 240 + discs.vertex, ring.target * 240 + ring.source)
    found = discs.where(known)
    np.testing.assert_allclose(found.distance, ring.length, rtol=1e-12)
    np.testing.assert_allclose(wrapped(found.angle - edges.angle), 0, atol=1e-9)


def test_pairs_that_are_asked_for_are_found_however_far():
    tangent, _, _ = torus(24, 10)
    target, source = np.array([0, 0, 5, 17]), np.array([1, 60, 33, 30])
    found = tangent.between(target, source)
    np.testing.assert_array_equal(found.base, target)
    np.testing.assert_array_equal(found.vertex, source)
    discs = tangent.discs(found.distance.max() * 1.01)
    for p, q, r in zip(target, source, found.distance, strict=True):
        own = (discs.base == p) & (discs.vertex == q)
        assert discs.distance[own] == pytest.approx(r)
