from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gaugecnn import build_datamodule, load_config
from gaugecnn.data.images.rendering import RawBatch, Renderer
from gaugecnn.data.images.scenes import canvas_side, draw, place
from gaugecnn.errors import UserError
from gaugecnn.surfaces import AzimuthalChart, CubedSphere, Icosphere, LatLonGrid
from gaugecnn.surfaces.domain import stereographic
from gaugecnn.surfaces.rotations import random_rotations

TINY = ["data.train_size=12", "data.validation_size=4", "data.test_size=6", "train.batch_size=5"]


def raw(images: torch.Tensor, poses: torch.Tensor) -> RawBatch:
    count = len(images)
    corners = torch.zeros(count, 1, 2, dtype=torch.long)
    return RawBatch(images[:, None], torch.arange(count)[:, None] % 10, corners, poses)


def test_known_places():
    points = torch.tensor([[0.0, 0, -1], [1, 0, 0], [0, 0, 1], [0.6, 0, -0.8], [0, 0.6, -0.8]])
    places = stereographic(points)
    assert places[0].tolist() == [0, 0]
    assert places[1].isnan().all()  # 2 / 1.5 is outside the picture
    assert places[2].isnan().all()
    torch.testing.assert_close(places[3], torch.tensor([2 * 0.6 / 1.8 / 1.5, 0]))  # a column
    torch.testing.assert_close(places[4], torch.tensor([0, 2 * 0.6 / 1.8 / 1.5]))  # a row


SPHERES = [Icosphere(4), LatLonGrid(24), AzimuthalChart(48), CubedSphere(20)]


@pytest.mark.parametrize("domain", SPHERES, ids=str)
def test_rendering_is_where_the_rotation_says(domain):
    """A picture that is a smooth function of the plane is that function of ``R^T x``."""
    line = (2 * torch.arange(64) + 1) / 64 - 1
    smooth = 200 * torch.exp(-3 * ((line[None] - 0.2) ** 2 + (line[:, None] + 0.1) ** 2))
    images = smooth.round().to(torch.uint8)[None, None].expand(3, 1, 64, 64)
    rotations = random_rotations(3, torch.Generator().manual_seed(0)).float()
    batch = Renderer(domain)(raw(images, rotations))
    turned = torch.einsum("px,nxy->npy", domain.points.float(), rotations)
    u, v = stereographic(turned).unbind(-1)
    expected = 200 / 255 * torch.exp(-3 * ((u - 0.2) ** 2 + (v + 0.1) ** 2))
    seen = batch.signal[:, 0].flatten(1)
    inner = (u.abs() < 0.95) & (v.abs() < 0.95)
    assert inner.sum() > 300
    assert (seen - expected)[inner].abs().max() < 0.01
    assert (seen[u.isnan()] == 0).all()


def test_masks_are_thresholded_at_150_and_hold_label_plus_one():
    domain = Icosphere(4)
    images = torch.full((2, 1, 8, 8), 151, dtype=torch.uint8)
    images[1] = 149
    batch = Renderer(domain)(raw(images, torch.eye(3).expand(2, 3, 3)))
    # Grey values fall off at the border of the picture; well inside it all points count.
    inner = (stereographic(domain.points).abs() < 0.8).all(-1)
    assert (batch.mask[0][inner] == 1).all()
    assert (batch.mask[1] == 0).all()
    outside = stereographic(domain.points).isnan().any(-1)
    assert (batch.mask[0][outside] == 0).all()


@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_digits_do_not_overlap(digits):
    scenes = place(200, 28, 20, digits, np.random.default_rng(0))
    images = torch.full((200, digits, 1, 28, 20), 7, dtype=torch.uint8)
    labels = torch.arange(digits).expand(200, digits)
    drawn = draw(images, labels, scenes.corners)
    side = canvas_side(28, 20, digits)
    assert drawn.canvas.shape == (200, 1, side, side)
    for digit in range(digits):
        assert ((drawn.region == digit + 1).sum((1, 2, 3)) == 28 * 20).all()
    assert ((drawn.canvas > 0) == (drawn.region > 0)).all()
    if digits > 1:  # placed anywhere in their cells
        assert len(set(map(tuple, scenes.corners[:, 0].tolist()))) > 50


def test_images_of_either_type_are_the_same_scene():
    """255 shades of grey; and between two of them, floats keep what 8 bits would round away."""
    grey = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 1, 16, 16)
    labels, corners = torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 1, 2, dtype=torch.long)
    canvas = draw(grey, labels, corners).canvas
    assert torch.equal(canvas.flatten(), torch.arange(256) / 255)
    assert torch.equal(draw(grey.float() / 255, labels, corners).canvas, canvas)
    between = torch.full((1, 1, 1, 2, 2), 100.4 / 255)
    assert torch.equal(draw(between, labels, corners).canvas, between[:, 0])


def test_too_many_digits_are_refused():
    with pytest.raises(UserError, match="1 <= data.digits_per_sphere <= 4, got 5"):
        place(3, 8, 8, 5, np.random.default_rng(0))
    with pytest.raises(UserError, match="segmentation"):
        load_config("gauge", overrides=["data.digits_per_sphere=2"])


def epoch_of(words, epoch: int, task: str = "segmentation"):
    config = load_config("gauge", task, ["domain.level=2", *TINY, *words])
    data = build_datamodule(config)
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return [data.on_after_batch_transfer(raw, 0) for raw in loader]


def test_same_seed_same_bytes():
    words = ["data.rotation=so3", "data.digits_per_sphere=3"]
    first, again, other = (epoch_of([*words, f"data.seed={s}"], 3) for s in (1, 1, 2))
    assert all(
        torch.equal(a, b)
        for x, y in zip(first, again, strict=True)
        for a, b in zip(x, y, strict=True)
    )
    assert not torch.equal(first[0].signal, other[0].signal)


def test_poses_are_fresh_or_fixed():
    def posed(words, epoch):
        config = load_config("gauge", "classification", ["domain.level=2", *TINY, *words])
        data = build_datamodule(config)
        return data.train_set[epoch, torch.arange(len(data.train_set))].poses

    fresh = ["data.rotation=so3"]
    assert not torch.equal(posed(fresh, 0), posed(fresh, 1))
    fixed = [*fresh, "data.copies=3"]
    poses = posed(fixed, 0)
    assert len(poses) == 36
    assert torch.equal(poses, posed(fixed, 1))
    assert len(set(map(tuple, poses.flatten(1).tolist()))) == 36
    assert torch.equal(posed([], 0), torch.eye(3).expand(12, 3, 3))
    about_z = posed(["data.rotation=z"], 0)
    torch.testing.assert_close(about_z[:, 2, 2], torch.ones(12))
    assert about_z[:, 0, 0].std() > 0.1


def test_an_epoch_shows_every_image_once_in_batches():
    batches = epoch_of([], 0)
    assert [len(b.label) for b in batches] == [5, 5, 2]
    assert batches[0].signal.shape == (5, 1, 162)
    assert batches[0].mask.shape == (5, 162)


def test_a_last_image_alone_joins_the_batch_before_it():
    assert [len(b.label) for b in epoch_of(["data.train_size=11"], 0)] == [5, 6]


def test_rotations_are_uniform():
    turned = random_rotations(20000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(turned.mean(0), torch.zeros(3, 3).double(), atol=0.02, rtol=0)
    heights = turned[:, 2, 2]  # uniform in [-1, 1] (Archimedes)
    assert heights.square().mean().item() == pytest.approx(1 / 3, abs=0.01)
    trace = turned.diagonal(dim1=1, dim2=2).sum(-1)
    assert trace.square().mean().item() == pytest.approx(1, abs=0.03)  # the character of degree 1
    assert math.isclose(torch.linalg.det(turned).min().item(), 1, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("data.train_size=99999", "1297"),
        ("data.test_size=501", "501 images asked for, digits has 500"),
        ("data.rotation=all", "expected one of none, z, so3, got 'all'"),
        ("data.copies=0", "data.copies"),
        ("data.train_size=-1", "at least 1"),
    ],
)
def test_impossible_data_is_refused(word, message):
    with pytest.raises(UserError, match=message):
        build_datamodule(load_config("gauge", overrides=["domain.level=1", word]))


def test_channels_must_fit():
    with pytest.raises(UserError, match="set model.in_channels=1"):
        build_datamodule(load_config("gauge", overrides=["domain.level=1", "model.in_channels=3"]))
