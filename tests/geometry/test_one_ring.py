"""Directions, holonomy and transports of the one ring, on the shipped meshes."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import potpourri3d
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.loading import load_mesh
from gaugecnn.geometry.one_ring import OneRing, one_ring, tangent_frames
from tests.shipped import MESHES

CLOSED = {"ellipsoid": 2, "torus": 0, "genus2": -2}  # and their Euler characteristics


def ring_of(vertices: np.ndarray, faces: np.ndarray) -> OneRing:
    return one_ring(vertices, Connectivity(faces, len(vertices)))


@cache
def shipped(name):
    vertices, faces = load_mesh(MESHES / f"{name}.ply")
    return vertices, faces, ring_of(vertices, faces)


def place_of(ring, p, q):
    """Where the edges with target p and source q stand in the ring."""
    count = len(ring.angle_sum)
    place = np.searchsorted(ring.target * count + ring.source, p * count + q)
    np.testing.assert_array_equal([ring.target[place], ring.source[place]], [p, q])
    return place


def transport(ring, p, q):
    """phi_pq = theta_pq - theta_qp - pi along edges."""
    return ring.theta[place_of(ring, p, q)] - ring.theta[place_of(ring, q, p)] - math.pi


def wrapped(angle):
    return np.angle(np.exp(1j * angle))


def corner_angles(vertices, faces):
    """By the law of cosines, unlike the code; ``(face, corner)``."""
    opposite, left, right = (
        np.linalg.norm(
            vertices[np.roll(faces, -i, axis=1)] - vertices[np.roll(faces, -j, axis=1)], axis=-1
        )
        for i, j in ((1, 2), (0, 1), (0, 2))
    )
    return np.arccos((left**2 + right**2 - opposite**2) / (2 * left * right))


def test_directions_at_the_tip_of_a_tetrahedron():
    """Three corners of 60 degrees fill the turn; at a boundary two of them fill half of it."""
    tip, rim = np.zeros((1, 3)), [[1, 0, 0], [0.5, 0.75**0.5, 0], [1 / 2, 12**-0.5, (2 / 3) ** 0.5]]
    vertices = np.concatenate([tip, rim])
    closed = ring_of(vertices, np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]]))
    np.testing.assert_allclose(closed.angle_sum, math.pi)
    theta = closed.theta[place_of(closed, np.zeros(3, int), np.arange(1, 4))]
    np.testing.assert_allclose(
        np.mod(theta - theta[0] + 1e-9, 2 * math.pi),
        [0, 2 * math.pi / 3, 4 * math.pi / 3],
        atol=1e-8,
    )
    fan = ring_of(vertices, np.array([[0, 1, 2], [0, 2, 3]]))
    np.testing.assert_allclose(
        fan.theta[place_of(fan, np.zeros(3, int), np.arange(1, 4))], [0, math.pi / 2, math.pi]
    )
    np.testing.assert_array_equal(fan.turn, math.pi)


@pytest.mark.parametrize("name", [*CLOSED, "hemisphere"])
def test_corners_fill_a_full_turn_and_half_a_turn_at_the_boundary(name):
    vertices, faces, ring = shipped(name)
    turn = ring.turn
    scaled = corner_angles(vertices, faces) * (turn / ring.angle_sum)[faces]
    sums = np.bincount(faces.ravel(), weights=scaled.ravel())
    np.testing.assert_allclose(sums, turn, atol=1e-9)
    for i in range(3):  # and directions differ by them, counter-clockwise
        p, a, b = (np.roll(faces, -i, axis=1)[:, j] for j in range(3))
        step = ring.theta[place_of(ring, p, b)] - ring.theta[place_of(ring, p, a)]
        np.testing.assert_allclose(wrapped(step - scaled[:, i]), 0, atol=1e-9)
    assert (turn < 4).sum() == (80 if name == "hemisphere" else 0)


def test_directions_at_a_boundary_run_from_zero_to_pi():
    vertices, _, ring = shipped("hemisphere")
    edge = ring.turn < 4
    on_boundary = edge[ring.target]
    along = edge[ring.source] & on_boundary
    np.testing.assert_allclose(np.sort(ring.theta[along]).reshape(2, -1)[0], 0, atol=1e-12)
    np.testing.assert_allclose(np.sort(ring.theta[along]).reshape(2, -1)[1], math.pi, atol=1e-12)
    inward = on_boundary & ~along
    assert ring.theta[inward].min() > 0.3
    assert ring.theta[inward].max() < math.pi - 0.3
    np.testing.assert_allclose(vertices[edge, 2], 0, atol=1e-6)
    # Counter-clockwise seen from outside: the zero points along the boundary, interior at its left.
    p, q = ring.target[along & (ring.theta < 1)], ring.source[along & (ring.theta < 1)]
    assert (np.cross(vertices[p], vertices[q])[:, 2] > 0).all()


@pytest.mark.parametrize("name", CLOSED)
def test_holonomy_of_a_face_is_its_share_of_the_angle_defects(name):
    """phi_ab, phi_bc, phi_ca carry a -> c -> b -> a, clockwise: minus the curvature inside."""
    vertices, faces, ring = shipped(name)
    a, b, c = faces.T
    holonomy = transport(ring, a, b) + transport(ring, b, c) + transport(ring, c, a)
    share = corner_angles(vertices, faces) / ring.angle_sum[faces]
    curvature = (share * (2 * math.pi - ring.angle_sum)[faces]).sum(1)
    np.testing.assert_allclose(wrapped(holonomy + curvature), 0, atol=1e-9)
    assert np.abs(curvature).max() < 0.1  # so that each is found without its multiple of 2 pi
    assert np.abs(wrapped(holonomy - curvature)).max() > 5e-3  # the other sign is another thing
    total = -wrapped(holonomy).sum()
    assert total == pytest.approx(2 * math.pi * CLOSED[name], abs=1e-8)  # Gauss-Bonnet


def disagreement(ring, carried):
    """Of transports and unit numbers per edge, up to the zero at each vertex ``(edge,)``.

    ``carried = exp(i phi_pq) conj(g_p) g_q``: g spreads along a spanning tree, the edges that are
    not in it are the test, also around handles.
    """
    count = len(ring.angle_sum)
    ratio = np.exp(1j * transport(ring, ring.target, ring.source)) * np.conj(carried)
    graph = csr_matrix((np.ones(len(ratio)), (ring.target, ring.source)), shape=(count, count))
    order, before = breadth_first_order(graph, 0)
    entry = np.zeros(count, dtype=np.int64)
    entry[order[1:]] = place_of(ring, order[1:], before[order[1:]])
    offset = np.ones(count, dtype=complex)
    for p in order[1:]:
        offset[p] = ratio[entry[p]] * offset[before[p]]
    return np.abs(ratio - offset[ring.target] * np.conj(offset[ring.source]))


@pytest.mark.parametrize("name", [*CLOSED, "hemisphere"])
def test_transports_are_those_of_the_connection_laplacian(name):
    """potpourri3d's entry in row p, column q is ``-w_pq exp(i phi_pq)``, w_pq > 0: as ours.

    It takes a vector at q (the column) to p (the row), a vector being x + i y with y to the left of
    x; only the zero direction of each vertex is another. Boundaries are as ours too.
    """
    vertices, faces, ring = shipped(name)
    solver = potpourri3d.MeshVectorHeatSolver(vertices, faces, use_intrinsic_delaunay=False)
    laplacian = solver.get_connection_laplacian().tocsr()
    entry = np.asarray(laplacian[ring.target, ring.source]).ravel()
    assert np.abs(entry).min() > 0.05
    carried = -entry / np.abs(entry)
    assert disagreement(ring, carried).max() < 1e-6
    assert disagreement(ring, carried.conj()).max() > 0.1  # the other convention is refused
    assert disagreement(ring, -carried).max() > 0.1


@pytest.mark.parametrize("name", [*CLOSED, "hemisphere"])
def test_frames_are_orthonormal_and_outward_and_see_edges_where_the_ring_does(name):
    vertices, faces, ring = shipped(name)
    frames = tangent_frames(vertices, faces, ring)
    gram = np.einsum("vfx,vgx->vfg", frames, frames)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(3), gram.shape), atol=1e-12)
    np.testing.assert_allclose(np.cross(frames[:, 0], frames[:, 1]), frames[:, 2], atol=1e-12)
    normal = np.cross(*(vertices[faces[:, i]] - vertices[faces[:, 0]] for i in (1, 2)))
    assert (np.einsum("fx,fcx->fc", normal, frames[faces, 2]) > 0).all()
    edge = vertices[ring.source] - vertices[ring.target]
    x, y = (np.einsum("ex,ex->e", edge, frames[ring.target, i]) for i in (0, 1))
    seen = wrapped(np.arctan2(y, x) - ring.theta)
    inside = ring.turn[ring.target] > 4
    assert np.abs(seen[inside]).max() < 0.08
    # At a boundary half a turn is kept for a fan of any angle.
    assert np.abs(seen).max() < 0.1
