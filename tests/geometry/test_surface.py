"""Which meshes are a sphere, where a mesh stands, and which vertices its levels keep."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

from experiments.geometry.shapes import box, bumpy, coarse_torus, hull
from gaugecnn.geometry.canonical import Order
from gaugecnn.geometry.discs import wrapped
from gaugecnn.geometry.hierarchy import coarser, level
from gaugecnn.geometry.room import boundary_distance, room_on, short_geodesics
from gaugecnn.geometry.sphere_tangent import SphereTangent
from gaugecnn.geometry.surface import Surface, surface_from_mesh
from gaugecnn.surfaces import Icosphere

FAR = np.array([448262.0, 5411930.0, 112.0])


def icosphere(times: int):
    surface = Icosphere(times).surface
    return surface.vertices, surface.faces


def is_sphere(vertices, faces) -> bool:
    return isinstance(surface_from_mesh("mesh", vertices, faces).tangent, SphereTangent)


@pytest.mark.parametrize("shift", [0.0, 0.1, 3.0, 1000.0])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_sphere_is_one_wherever_it_stands(times, size, shift):
    vertices, faces = icosphere(times)
    assert is_sphere(size * (vertices + shift), faces)
    surface = surface_from_mesh("mesh", size * (vertices + shift), faces)
    np.testing.assert_allclose(surface.vertices, vertices, atol=1e-8)
    assert surface.total_area == pytest.approx(4 * math.pi)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("torus", coarse_torus),
        ("hull", lambda: hull(300)),
        ("bumpy", bumpy),
        ("box", lambda: box((1, 1, 4), 0)),  # inscribed in a sphere about its centre
        ("cube", lambda: box((1, 1, 1), 0)),
    ],
)
@pytest.mark.parametrize("shift", [np.zeros(3), np.array([0.1, 0, 0]), 3e5 * np.ones(3), FAR])
def test_nothing_else_is_taken_for_a_sphere(name, make, shift):
    vertices, faces = make()
    assert not is_sphere(vertices + shift, faces)


def test_a_hemisphere_and_two_spheres_are_no_sphere():
    vertices, faces = icosphere(3)
    upper = faces[(vertices[faces][:, :, 2] > -0.01).all(axis=1)]
    used, upper = np.unique(upper, return_inverse=True)
    assert not is_sphere(vertices[used], upper.reshape(-1, 3))
    both = np.concatenate([vertices, vertices]), np.concatenate([faces, faces + len(vertices)])
    assert not is_sphere(*both)


def test_a_sphere_nearly_round_is_one_and_an_ellipsoid_is_not():
    vertices, faces = icosphere(3)
    noise = np.random.default_rng(0).normal(size=vertices.shape)
    assert is_sphere(vertices + 1e-7 * noise, faces)
    assert not is_sphere(vertices + 1e-4 * noise, faces)
    assert not is_sphere(vertices * [1, 1, 1.001], faces)


@pytest.mark.parametrize("make", [coarse_torus, bumpy, lambda: box((1, 1, 4), 1)])
def test_moved_far_away_a_surface_is_the_same_to_rounding(make):
    vertices, faces = make()
    ours = surface_from_mesh("mesh", vertices, faces)
    theirs = surface_from_mesh("mesh", vertices + FAR, faces)
    np.testing.assert_allclose(theirs.vertices, ours.vertices, atol=2e-9)
    np.testing.assert_allclose(theirs.areas, ours.areas, rtol=1e-7)
    one, other = ours.discs(0.8), theirs.discs(0.8)
    np.testing.assert_array_equal(one.vertex, other.vertex)
    np.testing.assert_allclose(one.distance, other.distance, rtol=1e-7)
    frames = wrapped(one.angle - other.angle)[np.searchsorted(one.base, one.base)]
    step = np.abs(wrapped(one.angle - other.angle - frames))
    assert step.max() < 0.02  # where several ways are equally long, but for the rounding
    assert np.quantile(step, 0.999) < 1e-4
    assert np.quantile(step, 0.9) < 1e-7


def test_areas_of_pieces_sum_to_that_of_the_sphere():
    (v, f), (w, g) = box((1, 1, 1), 1), box((1, 1, 4), 1)
    surface = surface_from_mesh("mesh", np.concatenate([v, w + 3]), np.concatenate([f, g + len(v)]))
    assert surface.total_area == pytest.approx(4 * math.pi)
    shares = surface.areas[: len(v)].sum() / surface.total_area
    assert shares == pytest.approx(6 / (6 + 18))


def test_the_first_vertex_is_chosen_by_geometry():
    vertices, faces = bumpy()
    areas = surface_from_mesh("mesh", vertices, faces).areas
    first = Order(vertices, areas).first(np.arange(len(vertices)))
    assert first == np.linalg.norm(vertices, axis=1).argmax()
    order = np.random.default_rng(0).permutation(len(vertices))
    again = Order(vertices[order], areas[order]).first(np.arange(len(vertices)))
    assert order[again] == first
    # Among vertices that nothing tells apart, positions decide, shifted or not.
    ring = np.stack([np.cos(np.arange(8)), np.sin(np.arange(8)), np.zeros(8)], axis=1)
    ring = np.concatenate([ring, -ring])
    for candidates in (np.arange(16), np.array([3, 11, 5])):
        first = Order(ring, np.ones(16)).first(candidates)
        assert first == candidates[ring[candidates, 0].argmax()]


def test_farthest_points_spread_over_pieces_and_cover_them():
    vertices, faces = hull(400)
    apart = np.concatenate([vertices, 0.5 * vertices + 3])
    surface = surface_from_mesh("mesh", apart, np.concatenate([faces, faces + 400]))
    coarse = coarser(surface)
    assert len(coarse) == 200
    kept = np.bincount(coarse.index // 400)
    assert kept.min() > 20
    assert coarse.mesh.components[0] == 2
    assert coarse.areas.sum() == pytest.approx(4 * math.pi)


def test_room_ends_at_the_boundary():
    steps = np.linspace(0, 2, 25)
    i, j = (x.ravel() for x in np.meshgrid(steps, steps, indexing="ij"))
    vertices = np.stack([i, j, 0 * i], axis=1)
    a = (np.arange(24)[:, None] * 25 + np.arange(24)).ravel()
    faces = np.concatenate(
        [np.stack([a, a + 25, a + 26], axis=1), np.stack([a, a + 26, a + 1], axis=1)]
    )
    surface = surface_from_mesh("square", vertices, faces)
    side = math.sqrt(4 * math.pi)
    inward = np.minimum.reduce([i, j, 2 - i, 2 - j]) / 2 * side
    np.testing.assert_allclose(boundary_distance(surface), inward, rtol=0.03, atol=1e-9)
    np.testing.assert_allclose(room_on(surface), np.minimum(inward, math.pi / 2), rtol=0.03)


def test_short_geodesics_hold_the_edges_of_long_triangles():
    cylinder = trimesh.creation.cylinder(1, 6, sections=24)
    surface = surface_from_mesh("cad", np.array(cylinder.vertices), np.array(cylinder.faces))
    graph = short_geodesics(surface)
    target, source = surface.mesh.neighbours
    assert (np.asarray(graph[target, source]) > 0).all()


@pytest.mark.parametrize("make", [coarse_torus, lambda: icosphere(2)])
def test_levels_share_the_geometry_of_the_finest(make):
    surface: Surface = surface_from_mesh("mesh", *make())
    coarse = level(surface, 1)
    assert coarse.tangent is surface.tangent
    ring = coarse.one_ring
    fine = surface.tangent.between(coarse.index[ring.base], coarse.index[ring.vertex])
    np.testing.assert_array_equal(fine.distance, ring.distance)
    across = coarse.discs(0.5, surface)
    assert across.vertex.max() >= len(coarse)  # all vertices of the finer level
