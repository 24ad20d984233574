"""Pictures as the published generator of spherical MNIST makes them: ``data.convention``."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from gaugecnn.data.images.published import PublishedRenderer
from gaugecnn.data.images.rendering import Batch, RawBatch, Renderer
from gaugecnn.data.images.scenes import place
from gaugecnn.surfaces import Icosphere, LatLonGrid
from gaugecnn.surfaces.rotations import random_rotations, rotation_about_z
from tests.data.published_pictures import raw, rendered


def pixels(side: int, values: dict[tuple[int, int], int]) -> Tensor:
    """A picture ``(1, 1, row, column)`` that is dark but for a few pixels."""
    picture = torch.zeros(1, 1, side, side, dtype=torch.uint8)
    for (row, column), value in values.items():
        picture[0, 0, row, column] = value
    return picture


def in_pixels(points: Tensor, side: int) -> Tensor:
    """Where the published rays through points ``(..., xyz)`` meet the picture: (row, column)."""
    met = points[..., :2] * 2.001 / (1.001 - points[..., 2:])
    return (met + 1.5) / 3 * side


def one_point(image: np.ndarray, point: list[float]) -> float:
    """What a point sees of a picture ``(row, column)`` before it is stretched, pixel by pixel."""
    side = len(image)
    row, column = (side * (q * 2.001 / (1.001 - point[2]) + 1.5) / 3 for q in point[:2])
    total = 0.0
    for r in range(side):
        for c in range(side):
            share = 1.0
            for at, index in ((row, r), (column, c)):
                nearest = math.trunc(at)
                before = 1 - (at - nearest)
                share *= {nearest - 1: before, nearest + 1: 2 - before}.get(index, 0.0)
            total += share * image[r, c]
    return total


def check_points(batch: Batch, images: Tensor, rotations: Tensor, points: Tensor):
    """That all points ``(point, xyz)`` see the pictures as in a slow loop."""
    for n, rotation in enumerate(rotations.double()):
        unposed = points @ rotation  # R^T x
        seen = np.array([one_point(images[n, 0].numpy(), at) for at in unposed.tolist()])
        assert (seen > 0).mean() > 0.2
        expected = 255 * (seen - seen.min()) / (seen.max() - seen.min())
        missed = expected - batch.signal[n, 0].flatten().numpy()  # by the cut to integers
        assert missed.min() > -1e-9
        assert missed.max() < 1
        mask = batch.mask[n].numpy()
        np.testing.assert_array_equal(mask, (batch.signal[n, 0].numpy() > 150) * (n + 1))


@pytest.fixture
def small():
    images = torch.randint(1, 256, (3, 1, 6, 6), dtype=torch.uint8)
    return images, random_rotations(3, torch.Generator().manual_seed(0)).float()


def test_every_point_of_a_grid_is_that_of_a_slow_loop(small):
    beta, alpha = torch.arange(8).double() * math.pi / 8, torch.arange(8).double() * math.pi / 4
    beta, alpha = (angle.flatten() for angle in torch.meshgrid(beta, alpha, indexing="ij"))
    circle = beta.sin() * alpha.cos(), beta.sin() * alpha.sin()
    check_points(rendered(small[0], 4, small[1]), *small, torch.stack([*circle, beta.cos()], 1))


def test_every_vertex_of_an_icosphere_is_that_of_a_slow_loop(small):
    sphere = Icosphere(1)
    batch = PublishedRenderer(sphere)(raw(*small))
    assert batch.signal.shape == (3, 1, 42)
    check_points(batch, *small, sphere.points)


def test_rings_begin_at_the_north_pole_half_a_ring_off_the_grid():
    grid = LatLonGrid(5)
    points = PublishedRenderer(grid).points.unflatten(0, (10, 10))  # (beta, alpha, xyz)
    beta = torch.arccos(points[..., 2])
    expected = math.pi * torch.arange(10).double()[:, None] / 10
    torch.testing.assert_close(beta, expected.expand(10, 10), atol=1e-7, rtol=0)
    own = grid.points.unflatten(0, (10, 10))
    torch.testing.assert_close(
        torch.arccos(own[..., 2]) - beta, torch.full_like(beta, math.pi / 20)
    )
    azimuths = torch.atan2(points[1:, :, 1], points[1:, :, 0])
    torch.testing.assert_close(azimuths, torch.atan2(own[1:, :, 1], own[1:, :, 0]))


def test_a_single_pixel_by_hand():
    """The ring ``beta = 3 pi / 4`` of bandwidth 2 meets a picture of 28 pixels at 21.731.

    ``(sqrt(1/2) * 2.001 / (1.001 + sqrt(1/2)) + 1.5) / 3 * 28``: between the pixels 20, by 0.269,
    and 22, by 1.731; across, at 14 exactly, between 13 and 15, by one each.
    """
    bright = pixels(28, {(22, 13): 100, (13, 22): 50})
    signal = rendered(bright, 2).signal[0, 0]
    expected = torch.zeros(4, 4)
    expected[3, 0] = 255  # alpha = 0 is +x: down the rows
    expected[3, 1] = 127  # alpha = pi / 2 is +y: along the columns; half as bright, cut to 127
    assert torch.equal(signal, expected)
    beside = pixels(28, {(22, 13): 100, (20, 13): 100, (20, 15): 100})
    seen = rendered(pixels(28, {(22, 13): 100, (20, 15): 100, (13, 22): 200}), 2).signal[0, 0]
    assert seen[3, 0] == math.trunc(255 * (1.73128 + 0.26872) / (2 * 1.73128))
    assert rendered(beside, 2).signal[0, 0, 3, 0] == 255


def test_the_pixel_under_a_point_is_skipped():
    """The point at (21.731, 14) does not see the pixels of row 21 or column 14 at all."""
    cross = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    cross[..., 21, :] = 200
    cross[..., :, 14] = 200
    cross[..., 5, 13] = 1  # for the point on the other side
    signal = rendered(cross, 2).signal[0, 0]
    assert signal[3].tolist() == [0, 0, 255, 0]


def test_the_north_pole_sees_the_centre_of_the_picture():
    signal = rendered(pixels(28, {(13, 13): 7}), 4).signal[0, 0]
    assert (signal[0] == 255).all()
    assert (signal[1] == 0).all()


def test_the_picture_is_transposed():
    """Rows run along +x: what ours shows at (x, y) of a picture, this shows of its transpose."""
    grid = LatLonGrid(16)
    picture = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    picture[0, 0, 4:24, 6:10] = 255  # an L: its stem,
    picture[0, 0, 20:24, 6:22] = 255  # and its foot
    ours = Renderer(grid)(raw(picture)).signal[0, 0]
    theirs, turned = (
        rendered(p, 16).signal[0, 0] / 255 for p in (picture, picture.mT.contiguous())
    )

    def likeness(other: Tensor) -> float:
        c = torch.cov(torch.stack([ours.flatten(), other.flatten()]).double(), aweights=grid.areas)
        return float(c[0, 1] / (c[0, 0] * c[1, 1]).sqrt())

    assert likeness(turned) > 0.85
    assert likeness(theirs) < 0.3
    poses = rotation_about_z(2 * math.pi * torch.arange(32) / 32).float()
    around = rendered(picture.expand(32, 1, 28, 28), 16, poses).signal[:, 0] / 255
    assert max(map(likeness, around)) < 0.75  # a mirror image however it is turned


def test_the_picture_is_half_a_pixel_off():
    """Of a ramp ``8 row``: ours is 0 where row 0 has its centre, theirs on the picture's edge."""
    side, grid = 28, LatLonGrid(20)
    ramp = (8 * torch.arange(side, dtype=torch.uint8))[:, None].expand(side, side)[None, None]
    signal = rendered(ramp, 20).signal.flatten().double()
    at = in_pixels(PublishedRenderer(grid).points, side)
    inside = ((at > 2) & (at < side - 2)).all(-1) & (PublishedRenderer(grid).points[:, 2] < 0)
    slope, offset = np.polyfit(at[inside, 0], signal[inside] + 0.5, 1)
    assert -offset / slope == pytest.approx(0, abs=0.05)
    own = Renderer(grid)(raw(ramp.mT.contiguous())).signal.flatten().double()
    at = in_pixels(grid.points, side)
    inside = ((at > 2) & (at < side - 2)).all(-1) & (grid.points[:, 2] < 0)
    slope, offset = np.polyfit(at[inside, 0], own[inside], 1)
    assert -offset / slope == pytest.approx(0.5, abs=0.05)


def test_grey_values_are_integers_from_0_to_255_whatever_the_picture():
    random = torch.randint(0, 256, (2, 1, 28, 28), dtype=torch.uint8)
    images = torch.cat([random, random // 4, torch.zeros(1, 1, 28, 28, dtype=torch.uint8)])
    batch = rendered(images, 6, random_rotations(5, torch.Generator().manual_seed(1)).float())
    assert batch.signal.dtype == torch.float32
    assert batch.mask.dtype == torch.int64
    assert torch.equal(batch.signal, batch.signal.round())
    assert (batch.signal[:4].amax((1, 2, 3)) == 255).all()
    assert (batch.signal.amin((1, 2, 3)) == 0).all()
    assert (batch.signal[4] == 0).all()  # and no NaN
    assert (batch.mask[4] == 0).all()


def test_floats_are_rounded_to_the_8_bits_of_its_pictures():
    images = torch.randint(0, 256, (2, 1, 9, 9), dtype=torch.uint8)
    near = ((images + torch.rand(images.shape) * 0.8 - 0.4) / 255).clamp(0, 1)
    assert torch.equal(rendered(near, 4).signal, rendered(images, 4).signal)


def test_a_step_of_the_grid_about_z_moves_columns():
    images = torch.randint(0, 256, (1, 1, 9, 9), dtype=torch.uint8)
    turn = rotation_about_z(torch.tensor([math.pi / 3], dtype=torch.float64))  # 2 of 12 columns
    upright = rendered(images, 6).signal
    turned = PublishedRenderer(LatLonGrid(6))(raw(images, turn)).signal
    assert (turned != upright).float().mean() > 0.2
    # but where a rounding decides which pixel is a point's own, on whole places
    assert (turned == upright.roll(2, -1)).float().mean() > 0.95


def test_each_of_several_digits_has_its_own_label():
    scenes = place(6, 8, 8, 4, np.random.default_rng(0))
    images = torch.full((6, 4, 1, 8, 8), 0, dtype=torch.uint8)
    images[..., 1:7, 1:7] = 255
    labels = torch.arange(4).expand(6, 4)
    eye = torch.eye(3).expand(6, 3, 3)
    grid = LatLonGrid(24)
    batch = PublishedRenderer(grid)(RawBatch(images, labels, scenes.corners, eye))
    assert torch.equal(batch.mask > 0, batch.signal[:, 0] > 150)
    at = in_pixels(PublishedRenderer(grid).points, 18).unflatten(0, grid.shape) + 0.5
    for n in range(6):
        assert set(batch.mask[n].unique().tolist()) == {0, 1, 2, 3, 4}
        for digit in range(4):
            low = scenes.corners[n, digit]
            on = ((at > low + 2.6) & (at < low + 5.4)).all(-1) & (batch.mask[n] > 0)
            on[0] = False  # the pole sees the centre
            assert on.any()
            assert (batch.mask[n][on] == digit + 1).all()


def test_channels_are_stretched_together():
    grey = torch.randint(0, 256, (1, 1, 9, 9), dtype=torch.uint8)
    signal = rendered(torch.cat([grey, torch.zeros_like(grey), grey], 1), 5).signal[0]
    assert torch.equal(signal[0], rendered(grey, 5).signal[0, 0])
    assert torch.equal(signal[2], signal[0])
    assert (signal[1] == 0).all()
