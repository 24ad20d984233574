"""Maps read on domains, turned or not: known functions at known places."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaugecnn.data.resampling import (
    CellMeans,
    MapReader,
    map_areas,
    map_points,
    map_reader,
    read,
    spread_evenly,
)
from gaugecnn.data.turning import PointReader, barycentric
from gaugecnn.surfaces import (
    AzimuthalChart,
    CubedSphere,
    EquirectangularChart,
    Icosphere,
    LatLonGrid,
)
from gaugecnn.surfaces.rotations import random_rotations

SIZE = (24, 48)
DOMAINS = [
    Icosphere(3),
    LatLonGrid(12),
    EquirectangularChart(24),
    AzimuthalChart(24),
    CubedSphere(10),
]


def smooth(x):
    """A function in space without symmetry, ``(..., xyz) -> (..., 2)``."""
    a, b, c = x.unbind(-1)
    return torch.stack([a + 0.5 * b * c, torch.sin(2 * b) - a * c], -1)


def on_map(size=SIZE):
    return smooth(map_points(size)).T.unflatten(1, size)[None]  # (1, channel, row, column)


def inside(domain):
    return domain.points.isfinite().all(1)


def test_the_grid_of_a_map_is_that_of_lat_lon():
    grid, map_ = LatLonGrid(6), torch.randn(2, 3, 12, 12, dtype=torch.float64)
    assert torch.allclose(map_points((12, 12)), grid.points)
    reader = MapReader(grid, (12, 12))
    torch.testing.assert_close(reader.fields(map_, None), map_)
    labels = torch.randint(-1, 4, (2, 12, 12))
    assert torch.equal(reader.labels(labels, None), labels)


def test_areas_of_a_map():
    areas = map_areas((40, 80))
    assert areas.sum().item() == pytest.approx(1)
    z = map_points((40, 80))[:, 2]
    assert (areas.flatten() @ z.square()).item() == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize("columns", [48, 47])
def test_poles_and_date_line_are_places_like_any_other(columns):
    maps = on_map((24, columns))
    tilt = torch.linspace(0, 0.2, 9, dtype=torch.float64)
    near = torch.stack([torch.sin(tilt), 0 * tilt, torch.cos(tilt)], -1)  # along a meridian
    turn = torch.linspace(-0.2, 0.2, 9, dtype=torch.float64)
    line = torch.stack([torch.cos(turn), torch.sin(turn), 0 * turn], -1)
    for places in (near, near * torch.tensor([1, 1, -1]), line):
        found = read(maps, places[None], "bilinear")[0].T
        assert (found - smooth(places)).abs().max() < 0.02
        largest_step = (found[1:] - found[:-1]).abs().max()
        assert largest_step < 2.5 * (smooth(places)[1:] - smooth(places)[:-1]).abs().max()


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda d: d.title)
@pytest.mark.parametrize("size", [SIZE, (12, 24), (48, 96)])
def test_fields_of_maps_are_turned(domain, size):
    rotations = random_rotations(3, torch.Generator().manual_seed(0))
    there = inside(domain)
    back = torch.einsum("px,bxy->bpy", domain.points[there], rotations)
    found = map_reader(domain, size).fields(on_map(size).expand(3, -1, -1, -1), rotations)
    found = found.flatten(2)[:, :, there].transpose(1, 2)
    error = (found - smooth(back)).abs()
    pixel = max(1 / size[0], 1 / 24)  # of the map, or of the domain that takes means
    assert error.mean() < 0.35 * pixel
    assert error.max() < 5 * pixel
    assert (smooth(back)[0] - smooth(back)[1]).abs().max() > 1
    outside = map_reader(domain, size).fields(on_map(size), None).flatten(2)[:, :, ~there]
    assert (outside == 0).all()


def test_bilinear_error_falls_with_the_square_of_the_pixel():
    domain, errors = Icosphere(2), []
    for rows in (16, 32, 64):
        found = MapReader(domain, (rows, 2 * rows)).fields(on_map((rows, 2 * rows)), None)
        errors.append((found[0].T - smooth(domain.points)).abs().max().item())
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_a_coarse_domain_takes_means():
    domain, noise = Icosphere(1), torch.randn(1, 1, 48, 96, dtype=torch.float64)
    reader = map_reader(domain, (48, 96))
    assert isinstance(reader, CellMeans)
    assert isinstance(map_reader(Icosphere(4), SIZE), MapReader)
    means = reader.fields(noise, None)
    whole = (noise[0, 0] * map_areas((48, 96))).sum()
    areas = domain.areas / domain.areas.sum()
    assert (means[0, 0] @ areas - whole).abs() < 0.05 * noise.std()
    assert means.std() < 0.3 * MapReader(domain, (48, 96)).fields(noise, None).std()
    one = reader.fields(torch.ones_like(noise), None)
    torch.testing.assert_close(one, torch.ones_like(one))


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda d: d.title)
def test_fields_at_points_are_turned(domain):
    there = inside(domain)
    values = smooth(domain.points.nan_to_num()).T.unflatten(1, domain.shape)[None]
    reader = PointReader(domain)
    assert reader.fields(values, None) is values
    rotations = random_rotations(2, torch.Generator().manual_seed(1))
    found = reader.fields(values.expand(2, -1, *domain.shape), rotations)
    back = torch.einsum("px,bxy->bpy", domain.points[there], rotations)
    error = (found.flatten(2)[:, :, there].transpose(1, 2) - smooth(back)).abs()
    assert error.mean() < 0.02
    assert error.max() < 0.25


def test_labels_at_points_are_turned_to_the_nearest():
    domain = Icosphere(3)
    labels = (domain.points[:, 2] > 0).long()[None]
    labels[0, 0] = -1
    half = torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64))[None]
    turned = PointReader(domain).labels(labels, half)[0]
    far = domain.points[:, 2].abs() > 0.15
    expected = (domain.points[:, 2] < 0).long()
    where = domain.permutation(half[0])
    agree = turned[far] == torch.where(where == 0, -1, expected)[far]
    assert agree.float().mean() > 0.995
    assert turned[where == 0] == -1


def test_no_label_is_between_two_others():
    labels = torch.tensor([[0, 0, 7, 7]]).repeat(4, 2)[None]
    rotations = random_rotations(4, torch.Generator().manual_seed(2))
    found = MapReader(Icosphere(3), (4, 8)).labels(labels.expand(4, -1, -1), rotations)
    assert set(found.unique().tolist()) == {0, 7}


def test_points_are_spread_evenly():
    points = spread_evenly(2000)
    assert torch.allclose(points.norm(dim=1), torch.ones(2000, dtype=torch.float64))
    assert points.mean(0).norm() < 1e-3
    second = points.T @ points / 2000
    assert (second - torch.eye(3) / 3).abs().max() < 2e-3


def test_barycentric_coordinates_of_an_octahedron():
    x, y, z = np.eye(3)
    faces = np.array([[a, b, c] for a in (x, -x) for b in (y, -y) for c in (z, -z)])
    places = np.array([[1, 2, 3], [-1, 0, 0], [-2, -2, 1]]) / 1.0
    face, weight = barycentric(faces, places)
    found = np.einsum("pc,pcx->px", weight, faces[face])
    np.testing.assert_allclose(found, places / np.abs(places).sum(axis=1, keepdims=True))
