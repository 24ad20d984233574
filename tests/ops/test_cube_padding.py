from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import gaugecnn.ops.cube_padding
from gaugecnn.methods.p4.cube_types import CubeP4Type
from gaugecnn.ops.cube_padding import RotationPadding, ScalarPadding
from gaugecnn.ops.cube_type import CubeType
from gaugecnn.surfaces import CubedSphere
from gaugecnn.surfaces.cube import FACES, moved, ways

SIZE = 4
SYMMETRIES = CubedSphere(SIZE).symmetries()
PADDINGS = pytest.mark.parametrize("padding", [1, 2, SIZE])


def turned_faces(padded, rotation):
    """Padded faces ``(..., rotation, face, row, column)`` after a rotation, picture by picture."""
    cell, turns = moved(rotation.matrix.long().numpy(), SIZE)
    result = torch.empty_like(padded)
    for face in range(6):
        source, k = int(cell[face, 0, 0]) // SIZE**2, int(turns[face, 0, 0])
        picture = torch.rot90(padded[..., source, :, :], k, (-2, -1))
        result[..., face, :, :] = picture.roll(k, -3)
    return result


def worst(padding, feature):
    """The largest violation of any rotation."""
    type_ = CubeP4Type(feature.shape[1], SIZE)
    errors = [
        padding(type_.transform(g, feature)) - turned_faces(padding(feature), g)
        for g in SYMMETRIES[:24]
    ]
    return max(float(error.abs().max()) for error in errors)


@PADDINGS
def test_padding_of_features_commutes_with_the_24_rotations(padding):
    torch.manual_seed(0)
    f = torch.randn(2, 3, 4, 6, SIZE, SIZE)
    pad = RotationPadding(SIZE, padding)
    assert pad(f).shape == (2, 3, 4, 6, SIZE + 2 * padding, SIZE + 2 * padding)
    assert worst(pad, f) == 0


@PADDINGS
def test_padding_of_scalars_commutes_with_the_24_rotations(padding):
    """A scalar is a feature that is the same in all four rotations, and a picture turns."""
    torch.manual_seed(0)
    x = torch.randn(2, 3, 6, SIZE, SIZE)
    feature = x[:, :, None].expand(-1, -1, 4, -1, -1, -1)
    padded = ScalarPadding(SIZE, padding)(x)
    for r in range(4):
        assert torch.equal(RotationPadding(SIZE, padding)(feature)[:, :, r], padded)


def test_symmetric_filters_commute_with_reflections_too():
    """Neither way around a corner comes first."""
    torch.manual_seed(0)
    x, type_ = torch.randn(2, 1, 6, SIZE, SIZE).double(), CubeType(1, SIZE)
    taps = torch.tensor([[1.0, 2.0, 1.0], [2.0, 3.0, 2.0], [1.0, 2.0, 1.0]]).double()

    def smooth(signal):
        padded = ScalarPadding(SIZE, 1)(signal)[:, 0]
        return F.conv2d(padded, taps.expand(6, 1, 3, 3), groups=6)[:, None]

    for symmetry in SYMMETRIES:
        there = type_.transform(symmetry, smooth(x))
        torch.testing.assert_close(smooth(type_.transform(symmetry, x)), there)
    assert not torch.allclose(smooth(x), type_.transform(SYMMETRIES[30], smooth(x)))


def altered(monkeypatch, change):
    """Both ways changed before a padding is made of them."""

    def wrong(size, padding):
        found = ways(size, padding)
        change(found.cell, found.turns)
        return found

    monkeypatch.setattr(gaugecnn.ops.cube_padding, "ways", wrong)
    torch.manual_seed(0)
    return worst(RotationPadding(SIZE, 1), torch.randn(1, 2, 4, 6, SIZE, SIZE))


def test_a_wrong_turn_across_one_edge_is_seen(monkeypatch):
    def change(cell, turns):
        turns[:, 2, 1:-1, -1] += 1

    assert altered(monkeypatch, change) > 0.1


def test_a_corner_that_prefers_one_neighbour_is_seen(monkeypatch):
    def change(cell, turns):
        cell[1], turns[1] = cell[0], turns[0]  # rows come first, whichever chart looks

    assert altered(monkeypatch, change) > 0.1


def test_a_corner_whose_second_value_keeps_the_frame_of_the_first_is_seen(monkeypatch):
    def change(cell, turns):
        turns[1] = turns[0]

    assert altered(monkeypatch, change) > 0.1


def test_unaltered_ways_pass_the_same_test(monkeypatch):
    assert altered(monkeypatch, lambda cell, turns: None) == 0


def test_edges_show_the_neighbours_and_corners_a_mean():
    x = torch.arange(6.0 * SIZE**2).view(1, 1, 6, SIZE, SIZE)
    padded = ScalarPadding(SIZE, 1)(x)[0, 0]
    east, south = FACES.index("+y"), FACES.index("south")
    front = FACES.index("+x")
    assert torch.equal(padded[front, 1:-1, 1:-1], x[0, 0, front])
    assert torch.equal(padded[front, 1:-1, -1], x[0, 0, east, :, 0])
    # below the face +x lies the south face's last column: its columns run along +x
    assert torch.equal(padded[front, -1, 1:-1], x[0, 0, south, :, -1])
    assert padded[front, -1, -1] == (x[0, 0, east, -1, 0] + x[0, 0, south, -1, -1]) / 2


def test_no_padding_is_the_identity_and_gradients_are_those_of_a_gather():
    f = torch.randn(1, 1, 4, 6, SIZE, SIZE).double().requires_grad_()
    assert RotationPadding(SIZE, 0)(f) is f
    (gradient,) = torch.autograd.grad(RotationPadding(SIZE, 2)(f).sum(), f)
    assert float(gradient.sum()) == 4 * 6 * (SIZE + 4) ** 2
    pad = RotationPadding(SIZE, 1)
    assert torch.autograd.gradcheck(lambda y: pad(y)[..., :2, :, :], f)
    assert not list(pad.state_dict())


def test_a_padded_place_is_a_mean_of_two_cells():
    """The padding as a matrix: rows sum to one, and hold ones, or halves at corners."""
    count = 6 * SIZE**2
    eye = torch.eye(count).view(count, 1, 6, SIZE, SIZE)
    matrix = ScalarPadding(SIZE, 2)(eye).flatten(1).T.numpy()
    assert np.allclose(matrix.sum(1), 1)
    halves = (matrix == 0.5).sum(1)
    assert (halves == 2).sum() == 6 * 4 * 2**2
    assert set(np.unique(matrix)) == {0.0, 0.5, 1.0}
