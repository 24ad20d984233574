"""Discs against closed forms, against another program, and against themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.geometry.shapes import (
    CLOSED,
    FLAT,
    box,
    cad_cylinder,
    coarse_torus,
    holed,
    irregular,
)
from experiments.geometry.witness import Witness
from gaugecnn.errors import UserError
from gaugecnn.geometry import discs as discs_module
from gaugecnn.geometry import shortest
from gaugecnn.geometry.discs import wrapped
from gaugecnn.surfaces import Icosphere, TriangleMesh
from tests.geometry.meshes import tangent_of

EVERYWHERE = 100.0


def dense(discs, count):
    """Distances ``(base, vertex)``, infinite where there is none."""
    found = np.full((count, count), math.inf)
    found[discs.base, discs.vertex] = discs.distance
    np.fill_diagonal(found, 0)
    return found


@pytest.mark.parametrize("name", FLAT)
def test_flat_pieces_are_exact_whatever_their_triangles(name):
    vertices, faces = FLAT[name]()
    tangent = tangent_of(vertices, faces)
    found = tangent.discs(EVERYWHERE)
    assert len(found) == len(vertices) * (len(vertices) - 1)  # no pair is missing
    step = vertices[found.vertex] - vertices[found.base]
    np.testing.assert_allclose(found.distance, np.linalg.norm(step, axis=1), rtol=1e-9)
    # Inside, where nothing is rescaled, directions are those in the plane.
    e1 = tangent.frames[found.base, 0]
    direction = np.arctan2(step[:, 1], step[:, 0]) - np.arctan2(e1[:, 1], e1[:, 0])
    inside = ~tangent.mesh.on_boundary
    here = inside[found.base]
    np.testing.assert_allclose(wrapped(found.angle - direction)[here], 0, atol=1e-6)
    # and transport does nothing but change the frame
    turn = np.arctan2(tangent.frames[:, 0, 1], tangent.frames[:, 0, 0])
    both = here & inside[found.vertex]
    change = turn[found.vertex] - turn[found.base]
    np.testing.assert_allclose(wrapped(found.transport - change)[both], 0, atol=1e-6)


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("radius", [0.6, 1.7, EVERYWHERE])
def test_distances_are_those_of_another_program(name, radius):
    vertices, faces = CLOSED[name]()
    tangent, witness = tangent_of(vertices, faces), Witness(vertices, faces)
    bases = np.sort(np.random.default_rng(0).permutation(len(vertices))[:12])
    found = tangent.discs(radius, bases)
    for base in bases:
        expected = witness.distances(base)
        own = found.where(found.base == base)
        assert len(own) > 0.8 * np.sum(expected <= radius) - 1  # but for those with two ways
        np.testing.assert_allclose(own.distance, expected[own.vertex], rtol=1e-7)


def shaken(mesh):
    """A mesh without the symmetries for which two ways are equally long."""
    vertices, faces = mesh()
    return vertices + 3e-3 * np.random.default_rng(3).normal(size=vertices.shape), faces


@pytest.mark.parametrize("name", CLOSED)
def test_no_pair_is_missing(name):
    """But for two directions at once, see below."""
    vertices, faces = shaken(CLOSED[name])
    tangent, witness = tangent_of(vertices, faces), Witness(vertices, faces)
    bases = np.sort(np.random.default_rng(0).permutation(len(vertices))[:12])
    for radius in (0.6, 1.7, EVERYWHERE):
        found, missing = tangent.discs(radius, bases), 0
        for base in bases:
            expected = witness.distances(base)
            near = np.flatnonzero((expected < radius * (1 - 1e-9)) & (expected > 0))
            missing += len(np.setdiff1d(near, found.vertex[found.base == base]))
        assert missing <= 0.001 * len(found)


@pytest.mark.parametrize("name", CLOSED)
def test_directions_are_those_of_another_program(name):
    vertices, faces = shaken(CLOSED[name])
    witness = Witness(vertices, faces)
    random, compared = np.random.default_rng(1), 0
    found = witness.tangent.discs(1.0, np.sort(random.permutation(len(vertices))[:30]))
    for i in random.permutation(len(found))[:100]:
        line = witness.geodesic(int(found.base[i]), int(found.vertex[i]))
        if line is None or abs(line.length / found.distance[i] - 1) > 1e-11:
            continue  # it is not the shortest
        assert abs(wrapped(found.angle[i] - line.leaves)) < 1e-6
        arrives = found.angle[i] - found.transport[i] - math.pi
        assert abs(wrapped(arrives - line.arrives)) < 1e-6
        compared += 1
    assert compared > 80


@pytest.mark.parametrize("mesh", [*FLAT.values(), *CLOSED.values(), holed])
def test_a_pair_is_one_geodesic_seen_from_both_of_its_ends(mesh):
    vertices, faces = mesh()
    found = tangent_of(vertices, faces).discs(0.7)
    key, back = (a * len(vertices) + b for a, b in ((found.base, found.vertex),
                                                    (found.vertex, found.base)))  # fmt: skip
    assert (np.diff(key) > 0).all()  # sorted, each once
    place = np.searchsorted(key, back)
    np.testing.assert_array_equal(key[place], back)
    np.testing.assert_allclose(found.distance[place], found.distance, rtol=1e-9)
    inverse = found.angle - found.transport - math.pi
    np.testing.assert_allclose(wrapped(found.angle[place] - inverse), 0, atol=1e-6)
    np.testing.assert_allclose(wrapped(found.transport[place] + found.transport), 0, atol=1e-6)


def test_a_cap_of_a_cylinder_is_flat():
    """Rim vertices 2, 3, 5 apart: 101 % and 66 degrees off by heat."""
    vertices, faces = cad_cylinder()
    tangent = tangent_of(vertices, faces)
    top = np.flatnonzero((vertices[:, 2] > 2.9) & (np.hypot(*vertices[:, :2].T) > 0.5))
    top = top[np.argsort(np.arctan2(vertices[top, 1], vertices[top, 0]))]
    found = dense(tangent.discs(3.0), len(vertices))
    for apart in (2, 3, 5):
        chord = 2 * math.sin(math.pi * apart / 64)
        np.testing.assert_allclose(found[top, np.roll(top, apart)], chord, rtol=1e-12)
    assert found[top[0], top[2]] == pytest.approx(0.1960, abs=1e-4)


def test_the_side_of_a_cylinder_unrolls():
    vertices, faces = cad_cylinder(32)
    found = dense(tangent_of(vertices, faces).discs(7.0), len(vertices))
    rim = np.hypot(*vertices[:, :2].T) > 0.5
    low, high = (np.flatnonzero(rim & (np.sign(vertices[:, 2]) == s)) for s in (-1, 1))
    angle = np.arctan2(vertices[:, 1], vertices[:, 0])
    steps = np.round(wrapped(angle[low][:, None] - angle[high]) * 32 / (2 * math.pi))
    expected = np.hypot(6, 2 * math.sin(math.pi / 32) * np.abs(steps))
    near = np.abs(steps) < 5  # farther on it is shorter over the caps
    np.testing.assert_allclose(found[np.ix_(low, high)][near], expected[near], rtol=1e-12)


def test_ways_around_a_corner_of_a_hole():
    """A square hole from 1/3 to 2/3: what lies behind its corner is reached along the corner."""
    vertices, faces = holed()
    tangent = tangent_of(vertices, faces)
    found = tangent.discs(EVERYWHERE)
    at = lambda x, y: int(np.linalg.norm(vertices - [x, y, 0], axis=1).argmin())  # noqa: E731
    p, q, corner = at(1 / 3 + 1 / 12, 1 / 12), at(1 / 12, 1 / 2), at(1 / 3, 1 / 3)
    hidden, seen = (found.where((found.base == p) & (found.vertex == v)) for v in (q, corner))
    legs = [np.linalg.norm(vertices[v] - vertices[corner]) for v in (p, q)]
    straight = np.linalg.norm(vertices[q] - vertices[p])
    assert not seen.bent.any()
    if straight < sum(legs) - 1e-9:  # the line between them misses the hole
        assert hidden.distance[0] == pytest.approx(straight)
    q = at(1 / 3 + 1 / 12, 2 / 3)  # behind two corners
    p = at(1 / 12, 1 / 12)
    far = found.where((found.base == p) & (found.vertex == q))
    upper = at(1 / 3, 2 / 3)
    expected = np.linalg.norm(vertices[upper] - vertices[p]) + 1 / 12
    assert far.distance[0] == pytest.approx(expected)
    assert far.bent.all()
    direct = found.where((found.base == p) & (found.vertex == upper))
    assert far.angle[0] == pytest.approx(direct.angle[0])


def test_equally_long_ways_far_apart_are_left_out():
    vertices, faces = box((1, 1, 1), 2)
    distance = dense(tangent_of(vertices, faces).discs(EVERYWHERE), len(vertices))
    middle = [np.linalg.norm(vertices - [x, 0, 0], axis=1).argmin() for x in (0.5, -0.5)]
    assert np.isinf(distance[middle[0], middle[1]])  # four ways over four faces, all of length 2
    moved = vertices.copy()
    moved[middle[1]] += [0, 0.1, 0]
    distance = dense(tangent_of(moved, faces).discs(EVERYWHERE), len(vertices))
    assert distance[middle[0], middle[1]] == pytest.approx(1.9)


def test_equally_long_ways_near_together_have_a_mean_direction():
    """Left and right around the tip of a low pyramid: together, they lead over the tip."""
    around = np.arange(8) * math.pi / 4
    rim = np.stack([np.cos(around), np.sin(around), 0 * around], axis=1)
    vertices = np.concatenate([[[0, 0, 0.3]], rim])
    faces = np.stack([0 * np.arange(8), 1 + np.arange(8), 1 + (np.arange(8) + 1) % 8], axis=1)
    below = np.concatenate([[[0, 0, -3.0]], vertices])  # closed, so that the rim is no boundary
    faces = np.concatenate([faces + 1, np.where(faces == 0, 0, faces + 1)[:, ::-1]])
    found = tangent_of(below, faces).discs(EVERYWHERE)
    tip, p, q = 1, 2, 6  # p and q lie opposite to each other
    across, up = (found.where((found.base == p) & (found.vertex == v)) for v in (q, tip))
    assert across.distance[0] < 2 * up.distance[0] * (1 - 1e-3)
    assert wrapped(across.angle - up.angle)[0] == pytest.approx(0, abs=1e-9)


def test_asked_one_by_one_discs_are_those_asked_at_once():
    vertices, faces = coarse_torus()
    tangent = tangent_of(vertices, faces)
    whole = tangent.discs(1.1)
    for base in range(0, len(vertices), 10):
        alone, own = tangent.discs(1.1, np.array([base])), whole.where(whole.base == base)
        np.testing.assert_array_equal(alone.vertex, own.vertex)
        np.testing.assert_allclose(alone.distance, own.distance, rtol=1e-12)
        np.testing.assert_allclose(wrapped(alone.angle - own.angle), 0, atol=1e-9)


def test_no_limit_of_memory_changes_a_result(monkeypatch):
    vertices, faces = coarse_torus()
    expected = tangent_of(vertices, faces).discs(1.5)
    assert expected.bent.any()
    monkeypatch.setattr(discs_module, "CHUNK", 300)
    monkeypatch.setattr(shortest, "LARGEST_TABLE", 64)
    found = tangent_of(vertices, faces).discs(1.5)
    np.testing.assert_array_equal(found.vertex, expected.vertex)
    np.testing.assert_allclose(found.distance, expected.distance, rtol=1e-12)
    np.testing.assert_allclose(wrapped(found.angle - expected.angle), 0, atol=1e-9)


def test_more_pairs_than_fit_into_memory_are_refused(monkeypatch):
    monkeypatch.setattr(discs_module, "BYTES", 10**12)
    with pytest.raises(UserError, match=r"mesh: discs of radius 0.5 hold up to .* pairs, .* free"):
        tangent_of(*irregular()).discs(0.5)


@pytest.mark.parametrize("name", CLOSED)
def test_no_way_leads_back_to_where_it_began(name):
    """A vertex is not in its own disc, also where ways bend around it."""
    found = tangent_of(*CLOSED[name]()).discs(1.7)
    assert (found.base != found.vertex).all()


def test_pieces_side_by_side_have_no_geodesics_between_them():
    vertices, faces = box((1, 1, 1), 1)
    both = np.concatenate([vertices, vertices + np.array([1.05, 0, 0])])
    found = tangent_of(both, np.concatenate([faces, faces + len(vertices)])).discs(EVERYWHERE)
    alone = tangent_of(vertices, faces).discs(EVERYWHERE)
    assert len(found) == 2 * len(alone)
    assert ((found.base < len(vertices)) == (found.vertex < len(vertices))).all()


def test_discs_are_public_and_scaled():
    """A mesh in any unit has discs of the surface of area 4 pi; the sphere's are in closed form."""
    vertices, faces = coarse_torus()
    mesh, large = TriangleMesh(vertices, faces), TriangleMesh(1000 * vertices, faces)
    found, other = mesh.discs(0.5), large.discs(0.5)
    np.testing.assert_array_equal(found.vertex, other.vertex)
    np.testing.assert_allclose(found.distance, other.distance, rtol=1e-12)
    for values in (found.distance, found.angle, found.transport):
        assert values.dtype == np.float64
    sphere = Icosphere(2).discs(0.5)
    points = Icosphere(2).surface.vertices
    dots = (points[sphere.base] * points[sphere.vertex]).sum(axis=1)
    np.testing.assert_allclose(np.cos(sphere.distance), dots, atol=1e-12)
    assert len(sphere) == ((points @ points.T) >= math.cos(0.5)).sum() - len(points)
