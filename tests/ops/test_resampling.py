"""Pooling between levels: what it keeps, and what it does where there is little to read."""

from __future__ import annotations

import numpy as np
import pytest

from gaugecnn.errors import GaugecnnWarning
from gaugecnn.geometry.hierarchy import level
from gaugecnn.geometry.surface import Surface
from gaugecnn.ops import moments, resampling
from gaugecnn.ops.resampling import pooling_matrix, unpooling_matrix
from gaugecnn.surfaces import Icosphere, TriangleMesh
from tests.surfaces.test_mesh import solid, torus


def some(surface: Surface, kept: np.ndarray) -> Surface:
    """A level of chosen vertices; its faces, which pooling does not read, join them in a ring."""
    around = np.arange(len(kept))
    faces = np.stack([around, np.roll(around, -1), np.roll(around, -2)], axis=1)
    index = surface.index[kept]
    areas = surface.areas[kept] * surface.total_area / surface.areas[kept].sum()
    return Surface("some", surface.vertices[kept], faces, areas, surface.tangent, index)


def in_two_pieces() -> Surface:
    """A large torus, and far from it a crooked box of 8 corners and 12 faces."""
    v, f = torus(24, 12)
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij")).reshape(3, -1).T
    box = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
    box += [[2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    corners = corners + np.random.default_rng(0).uniform(-0.2, 0.2, (8, 3))
    vertices = np.concatenate([v, 0.3 * corners + [5, 0, 0]])
    with pytest.warns(GaugecnnWarning, match="2 components"):
        return TriangleMesh(vertices, np.concatenate([f, np.array(box) + len(v)])).surface


def test_rows_of_constants_and_of_linear_functions():
    surface = Icosphere(3).surface
    coarse = level(surface, 1)
    down, up = pooling_matrix(surface, coarse, 0, 0.4), unpooling_matrix(coarse, surface, 0)
    for matrix in (down, up):
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    z = surface.vertices[:, 2]
    np.testing.assert_allclose(up @ z[:162], z, atol=2e-3)


@pytest.mark.parametrize("kept", [1, 2, 3, 5])
def test_a_small_piece_takes_what_there_is(kept):
    """Of the box's corners one, two, three or five are left: all read all of them, or three."""
    surface = in_two_pieces()
    coarse = some(surface, np.r_[0:288:3, 288 : 288 + kept])
    up = unpooling_matrix(coarse, surface, 0)
    of_box, of_torus = up[288:], up[:288]
    assert of_box[:, :96].nnz == of_torus[:, 96:].nnz == 0  # no way leads from piece to piece
    np.testing.assert_allclose(up.sum(axis=1), 1, atol=1e-10)
    reads = np.diff(of_box.indptr)
    assert (reads >= min(kept, 3)).all()
    down = pooling_matrix(surface, coarse, 1, 0.4)
    assert np.isfinite(down.data).all()
    np.testing.assert_allclose(np.abs(down).sum(axis=1).min(), 1, atol=0.5)


def test_a_piece_without_coarse_vertices_gets_nothing():
    surface = in_two_pieces()
    up = unpooling_matrix(some(surface, np.arange(0, 288, 3)), surface, 0)
    assert up[288:].nnz == 0
    np.testing.assert_allclose(up[:288].sum(axis=1), 1, atol=1e-10)


def test_only_the_lonely_look_farther():
    """Vertices near many coarse ones keep their weights when others have none near."""
    surface = TriangleMesh(*solid(1)).surface
    near = np.flatnonzero(surface.vertices[:, 2] < 0)
    all_near = some(surface, near)
    radius = 2.3 * level(surface, 1).mean_edge
    pairs, weights = resampling._weights(all_near, surface, radius, 0.0)
    assert (np.bincount(pairs.base, minlength=len(surface)) >= 3).all()
    low = surface.vertices[:, 2] < -1.2 * radius
    assert (pairs.distance[low[pairs.base]] <= radius).all()
    assert pairs.distance.max() > 2 * radius
    np.testing.assert_allclose(np.bincount(pairs.base, weights), 1, atol=1e-9)


def test_memory_changes_nothing(monkeypatch):
    surface = TriangleMesh(*solid(1)).surface
    coarse = some(surface, np.flatnonzero(surface.vertices[:, 2] < 0))
    expected = unpooling_matrix(coarse, surface, 1)
    resampling._weights.cache_clear()
    monkeypatch.setattr(moments, "CHUNK", 40)
    monkeypatch.setattr(resampling, "CHUNK", 1)
    found = unpooling_matrix(coarse, surface, 1)
    resampling._weights.cache_clear()
    assert (found.indices == expected.indices).all()
    np.testing.assert_allclose(found.data, expected.data, atol=1e-13)
