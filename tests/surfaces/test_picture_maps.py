"""Pictures on meshes: what is remembered of logarithmic maps changes nothing but the time."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from experiments.geometry.shapes import bumpy
from gaugecnn.errors import GaugecnnWarning
from gaugecnn.geometry.surface import surface_from_mesh
from gaugecnn.surfaces import Icosphere, TriangleMesh
from gaugecnn.surfaces import mesh as mesh_module
from gaugecnn.surfaces import picture_maps as maps_module
from gaugecnn.surfaces.domain import PoseDistribution
from gaugecnn.surfaces.picture_maps import PictureMaps


def equal(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_maps_are_remembered_and_forgotten_without_a_trace(monkeypatch):
    surface = surface_from_mesh("mesh", *bumpy())
    bases = np.random.default_rng(0).integers(0, len(surface), 40)
    maps = PictureMaps(surface, 1.0)
    first = maps.around(bases)
    equal(maps.around(bases[::-1])[::-1], first)
    monkeypatch.setattr(maps_module, "KEPT_BYTES", 30_000)
    little = PictureMaps(surface, 1.0)
    equal(little.around(bases), first)
    kept = sum(values.nbytes for found in little._kept.values() for values in found)
    assert 0 < kept <= 30_000
    equal([little.around(bases[i : i + 1])[0] for i in range(40)], first)
    for base, (vertex, r, _) in zip(bases, first, strict=True):
        assert r[vertex == base] == 0
        assert r.max() <= 1.0


def test_many_poses_are_laid_as_each_alone(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GaugecnnWarning)
        mesh = TriangleMesh(*bumpy())
        poses = mesh.sample_poses(9, PoseDistribution.so3, torch.Generator().manual_seed(0))
        together = mesh.image_coordinates(poses)
        monkeypatch.setattr(mesh_module, "AT_ONCE", 2)
        torch.testing.assert_close(mesh.image_coordinates(poses), together, equal_nan=True)
        alone = torch.cat([mesh.image_coordinates(pose[None]) for pose in poses])
    torch.testing.assert_close(alone, together, equal_nan=True)
    assert (~together[..., 0].isnan()).sum(dim=1).min() > 20


@pytest.mark.slow
def test_pictures_on_a_finer_mesh_are_no_smaller():
    """The same ellipsoid in 2,562 and in 10,242 vertices: pictures of full width on both."""
    for level in (4, 5):
        sphere = Icosphere(level).surface
        mesh = TriangleMesh(sphere.vertices * [1, 1, 1.3], sphere.faces)
        assert mesh.placing.half_width == pytest.approx(1.5)
        assert len(mesh.placing.room) == len(sphere)
