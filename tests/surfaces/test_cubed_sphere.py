from __future__ import annotations

import math

import pytest
import torch

from gaugecnn.errors import UserError
from gaugecnn.surfaces import CubedSphere
from gaugecnn.surfaces.cube import FACES, NORMALS, isometries, moved, ways
from gaugecnn.surfaces.cubed_sphere import cell_areas
from gaugecnn.surfaces.symmetry import Reflection, Rotation, half_turn_about_x, step_about_z, tilt

SIZES = pytest.mark.parametrize("size", [2, 5, 8])


def points_of(size):
    return CubedSphere(size).points.unflatten(0, (6, size, size))


def along(points):
    """Directions in which columns and rows grow, away from the border of each picture."""
    columns = points[..., 1:-1, 2:, :] - points[..., 1:-1, :-2, :]
    rows = points[..., 2:, 1:-1, :] - points[..., :-2, 1:-1, :]
    return (torch.nn.functional.normalize(d, dim=-1) for d in (columns, rows))


@SIZES
def test_points_lie_on_the_sphere_and_areas_sum_to_its_own(size):
    sphere = CubedSphere(size)
    assert sphere.shape == (6, size, size)
    assert sphere.title == f"cubed_sphere(size={size})"
    torch.testing.assert_close(sphere.points.norm(dim=-1), torch.ones(6 * size**2).double())
    assert float(sphere.areas.sum()) == pytest.approx(4 * math.pi, rel=1e-12)
    assert len(torch.unique(sphere.points.round(decimals=9), dim=0)) == 6 * size**2


@SIZES
def test_areas_are_those_of_spherical_quadrangles(size):
    """Girard: the area of a polygon of great circles is the excess of its angles."""
    edge = torch.tan(math.pi / 4 * torch.linspace(-1, 1, size + 1, dtype=torch.float64))
    y, x = torch.meshgrid(edge, edge, indexing="ij")
    corner = torch.nn.functional.normalize(torch.stack([x, y, torch.ones_like(x)], -1), dim=-1)
    ring = [corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]]
    excess = torch.full((size, size), -2 * math.pi, dtype=torch.float64)
    for i in range(4):
        here, before, after = ring[i], ring[i - 1], ring[(i + 1) % 4]
        one, other = torch.linalg.cross(here, before), torch.linalg.cross(here, after)
        cosine = (one * other).sum(-1) / one.norm(dim=-1) / other.norm(dim=-1)
        excess += torch.arccos(cosine)
    torch.testing.assert_close(cell_areas(size), excess)


def test_areas_integrate_smooth_functions():
    sphere = CubedSphere(16)
    share = sphere.areas[:, None] / (4 * math.pi)
    torch.testing.assert_close(
        (share * sphere.points).sum(0), torch.zeros(3).double(), atol=1e-12, rtol=0
    )
    second = (share[..., None] * sphere.points[:, :, None] * sphere.points[:, None]).sum(0)
    torch.testing.assert_close(second, torch.eye(3).double() / 3, atol=2e-3, rtol=0)


def test_the_projection_is_equiangular_and_the_south_face_lies_as_images_do():
    points = points_of(3)
    south, angle = points[FACES.index("south")], math.pi / 6
    expected = torch.tensor([0.0, 0.0, -1.0]).double()
    torch.testing.assert_close(south[1, 1], expected)
    right = torch.tensor([math.sin(angle), 0.0, -math.cos(angle)]).double()
    down = torch.tensor([0.0, math.sin(angle), -math.cos(angle)]).double()
    torch.testing.assert_close(south[1, 2], right)  # columns along +x
    torch.testing.assert_close(south[2, 1], down)  # rows, downwards, along +y
    torch.testing.assert_close(points[:, 1, 1], torch.from_numpy(NORMALS).double())
    # around the equator the north is on top
    assert (points[:4, 0, :, 2] > 0.3).all()
    image = CubedSphere(3).image_coordinates(torch.eye(3)[None])[0, FACES.index("south")]
    assert image[1, 2, 0] > 0.3
    assert image[2, 1, 1] > 0.3
    assert image[[1, 2], [2, 1], [1, 0]].abs().max() < 1e-6


def test_charts_are_seen_upright_from_outside():
    points = points_of(6)
    columns, rows = along(points)
    outwards = -torch.linalg.cross(columns, rows)  # rows run downwards
    assert ((outwards * points[:, 1:-1, 1:-1]).sum(-1) > 0.8).all()


def test_a_face_has_two_rows_at_least():
    with pytest.raises(UserError, match=r"domain\.size >= 2 rows and columns of each face, got 1"):
        CubedSphere(1)


@SIZES
def test_the_isometries_of_the_cube_permute_the_cells(size):
    sphere = CubedSphere(size)
    symmetries = sphere.symmetries()
    assert [type(s) for s in symmetries] == 24 * [Rotation] + 24 * [Reflection]
    assert len({s.name for s in symmetries}) == 48
    matrices = torch.stack([s.matrix for s in symmetries])
    assert len(torch.unique(matrices, dim=0)) == 48
    products = (matrices[:24, None] @ matrices[None, :24]).flatten(0, 1)
    assert len(torch.unique(products, dim=0)) == 24  # a group
    for symmetry in symmetries:  # cells counted in whole numbers, and points looked for in space
        cell = torch.from_numpy(moved(symmetry.matrix.long().numpy(), size).cell)
        assert torch.equal(cell.flatten(), sphere.permutation(symmetry.matrix))


def test_rotations_are_called_by_what_they_do():
    names = {s.name: s.matrix for s in CubedSphere(2).symmetries()}
    torch.testing.assert_close(names["quarter turn about (0, 0, 1)"], step_about_z(4))
    torch.testing.assert_close(names["half turn about (1, 0, 0)"], half_turn_about_x())
    third = names["third of a turn about (1, 1, 1)"]
    assert third.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]  # x to y, y to z, z to x
    assert sum(name.startswith("half turn") for name in names) == 9
    with pytest.raises(ValueError, match=r"permutes the points of cubed_sphere\(size=2\)"):
        Rotation("tilt", tilt(0.3), CubedSphere(2))


@pytest.mark.parametrize(("size", "padding"), [(4, 1), (6, 3), (5, 5)])
def test_rows_and_columns_go_on_across_edges(size, padding):
    """Padded cells are where the next ones of the sphere are: no step is long, no row bends."""
    points = points_of(size)
    padded = points.flatten(0, 2)[torch.from_numpy(ways(size, padding).cell[0])]
    inside = slice(padding, padding + size)
    assert torch.equal(padded[:, inside, inside], points)
    longest = (points[:, :, 1:] - points[:, :, :-1]).norm(dim=-1).max()
    for strips in (padded[:, inside], padded[:, :, inside].transpose(1, 2)):
        steps = strips.diff(dim=2)  # (face, line, step, xyz)
        assert steps.norm(dim=-1).max() <= 1.01 * longest
        forth = (steps[:, :, 1:] * steps[:, :, :-1]).sum(-1)
        cosine = forth / steps[:, :, 1:].norm(dim=-1) / steps[:, :, :-1].norm(dim=-1)
        assert cosine.min() > math.cos(math.pi / size)
        # no cell comes twice where the line is not longer than once around
        assert len(torch.unique(strips[0, 0].round(decimals=9), dim=0)) == strips.shape[2]


def test_the_turns_are_those_between_the_directions_of_two_charts():
    """Which way columns grow, seen from one chart, measured in the axes of the chart beyond."""
    size, padding = 8, 4
    cell, turns = (torch.from_numpy(part) for part in ways(size, padding))
    points = points_of(size)
    padded = points.flatten(0, 2)[cell[0]]
    own_columns, own_rows = (torch.zeros_like(points) for _ in range(2))
    for own, found in zip((own_columns, own_rows), along(points), strict=True):
        own[:, 1:-1, 1:-1] = found
    u, v = (own.flatten(0, 2)[cell[0]] for own in (own_columns, own_rows))
    # the chart's own frame is Q^k of the carried one, so that this one is Q^-k of its own
    carried = torch.stack([u, v, -u, -v])
    seen, _ = along(padded)
    middle = (slice(None), slice(1, -1), slice(1, -1))
    k = turns[0][middle]
    expected = carried[(slice(None), *middle)].gather(0, k[None, ..., None].expand(1, *seen.shape))
    expected = expected[0]
    compared = 0
    for rows, columns in ((slice(5, 9), slice(0, 2)), (slice(5, 9), slice(12, 14)),
                          (slice(0, 2), slice(5, 9)), (slice(12, 14), slice(5, 9))):  # fmt: skip
        cosine = (expected[:, rows, columns] * seen[:, rows, columns]).sum(-1)
        known = expected[:, rows, columns].norm(dim=-1) > 0.5
        assert (cosine[known] > 0.9).all()
        compared += int(known.sum())
    assert compared > 100
    assert set(turns.unique().tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("padding", [1, 3])
def test_around_a_corner_the_two_ways_meet_the_two_other_faces(padding):
    size = 4
    cell, turns = ways(size, padding)  # (way, face, row, column)
    face = cell // size**2
    for rows in (slice(0, padding), slice(-padding, None)):
        for columns in (slice(0, padding), slice(-padding, None)):
            one, other = face[:, :, rows, columns]
            for f in range(6):
                there = {int(x) for x in (*one[f].flat, *other[f].flat)}
                assert len(there) == 2
                assert f not in there
    for away in (cell[:, :, padding:-padding], turns[:, :, padding:-padding]):
        assert (away[0] == away[1]).all()  # beyond an edge there is one way


def test_the_corner_cells_are_those_next_to_the_corner():
    size = 5
    cell = ways(size, 1).cell
    points = CubedSphere(size).points
    for normal, found in zip(NORMALS, cell[:, :, -1, -1].T, strict=True):
        f = int((normal == NORMALS).all(1).argmax())
        own = points[(f * size + size - 1) * size + size - 1]
        corner = torch.sign(own)  # of the cube
        nearest = (points @ corner).topk(3).indices.tolist()
        assert set(nearest) == {(f * size + size - 1) * size + size - 1, *found.tolist()}


def test_padding_reaches_across_one_face_at_most():
    with pytest.raises(ValueError, match="0 to 3 cells on faces of 3x3, got 4"):
        ways(3, 4)


def test_isometries_are_orthogonal():
    for matrix in isometries():
        assert (matrix @ matrix.T == torch.eye(3).numpy()).all()
