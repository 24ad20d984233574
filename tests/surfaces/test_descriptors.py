"""Curvatures and heat kernel signatures of surfaces for which they are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

from gaugecnn.surfaces import Icosphere
from gaugecnn.surfaces.descriptors import curvatures, heat_kernel_signature, laplacian


@pytest.mark.parametrize("radius", [1.0, 2.5])
def test_a_sphere(radius):
    surface = Icosphere(3).surface
    found = curvatures(radius * surface.vertices, surface.faces)
    np.testing.assert_allclose(found[:, 0], 1 / radius, rtol=0.03)
    np.testing.assert_allclose(found[:, 1], 1 / radius**2, rtol=0.06)
    inside_out = curvatures(radius * surface.vertices, surface.faces[:, ::-1])
    np.testing.assert_allclose(inside_out[:, 0], -found[:, 0])


def test_a_torus():
    mesh = trimesh.creation.torus(2.0, 0.5, major_sections=96, minor_sections=48)
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    away = np.hypot(vertices[:, 0], vertices[:, 1])
    cosine = (away - 2.0) / 0.5
    found = curvatures(vertices, faces)
    expected = np.stack([(1 / 0.5 + cosine / away) / 2, cosine / (0.5 * away)], axis=1)
    assert np.abs(found - expected).max() < 0.06
    _, areas = laplacian(vertices, faces)
    assert (found[:, 1] @ areas) == pytest.approx(0, abs=1e-9)  # Gauss and Bonnet


def test_gauss_and_bonnet_with_a_boundary():
    mesh = trimesh.creation.icosphere(2)
    keep = np.asarray(mesh.triangles_center)[:, 2] < 0.2
    mesh.update_faces(keep)
    mesh.remove_unreferenced_vertices()
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    _, areas = laplacian(vertices, faces)
    total = curvatures(vertices, faces)[:, 1] @ areas  # interior and boundary together: a disc
    assert total == pytest.approx(2 * math.pi)


def test_the_laplacian_of_linear_functions():
    surface = Icosphere(4).surface
    matrix, areas = laplacian(surface.vertices, surface.faces)
    assert abs(matrix - matrix.T).max() < 1e-12
    assert np.abs(matrix @ np.ones(len(areas))).max() < 1e-12
    z = surface.vertices[:, 2]
    assert (z @ (matrix @ z)) / (z @ (areas * z)) == pytest.approx(2, rel=2e-3)  # l (l + 1)


def test_heat_stays_alike_on_a_sphere_and_tells_points_of_an_ellipsoid_apart():
    surface = Icosphere(3).surface
    found = heat_kernel_signature(surface.vertices, surface.faces, 5)
    assert np.abs(found - 1).max() < 0.08
    stretched = surface.vertices * [1, 1, 2]
    long = heat_kernel_signature(stretched, surface.faces, 5)
    assert long.max() > 1.2
    tips = np.abs(surface.vertices[:, 2]) > 0.95
    assert long[tips].max() > 1.15 * long[~tips].mean()
    order = np.random.default_rng(0).permutation(len(stretched))
    place = np.argsort(order)
    turned = stretched[order] @ trimesh.transformations.random_rotation_matrix()[:3, :3]
    again = heat_kernel_signature(turned, place[surface.faces], 5)
    np.testing.assert_allclose(again, long[order], atol=1e-6)
