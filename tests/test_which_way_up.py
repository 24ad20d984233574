"""The pictures of ``experiments/which_way_up``, which say more or less of which way is up."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from experiments.which_way_up import pictures
from gaugecnn.data.images.published import PublishedRenderer
from gaugecnn.data.images.rendering import Renderer
from gaugecnn.data.images.sources import Images
from gaugecnn.surfaces import LatLonGrid
from gaugecnn.surfaces.rotations import random_rotations
from tests.data.published_pictures import raw

SIDE = 12
ROOT = Path("nowhere")
HALF_TURN = (1, 2)


@pytest.fixture
def digits(monkeypatch):
    """Four digits in place of MNIST, with the margin that its digits have."""
    images = torch.zeros(4, 1, SIDE, SIDE, dtype=torch.uint8)
    random = torch.Generator().manual_seed(0)
    images[:, :, 3:9, 4:9] = torch.randint(1, 256, (4, 1, 6, 5), generator=random).to(torch.uint8)
    source = Images(images, torch.tensor([9, 3, 6, 9]), 10, "mnist")
    monkeypatch.setattr(pictures, "load_source", lambda name, root, download, train: source)
    return images[[0, 2, 3], 0]


def test_sixes_and_nines_alone(digits):
    images, labels = pictures.as_they_are(True, ROOT)
    assert torch.equal(images, digits)
    assert labels.tolist() == [1, 0, 1]


def test_the_centre_of_mass_is_moved_to_the_middle(digits):
    offsets = pictures.centre_of_mass(digits)
    rows = [sum(row) for row in digits[0].tolist()]
    by_hand = sum(mass * (i - 5.5) for i, mass in enumerate(rows)) / sum(rows)
    assert float(offsets[0, 0]) == pytest.approx(by_hand, abs=1e-6)
    assert offsets.abs().max() > 0.2
    moved, _ = pictures.centred(True, ROOT)
    left = pictures.centre_of_mass(moved) / pictures.FINE  # in pixels
    assert left.abs().max() < 0.5 / pictures.FINE + 0.02  # and what rounding to bytes does


def test_places_are_read_as_the_published_generator_reads_them(digits):
    """On the sphere too: the finer picture laid by our renderer is near what theirs lays."""
    table = pictures.published(SIDE)
    assert torch.allclose(table.sum(1)[4:-4], torch.tensor(2.0, dtype=torch.float64))
    row = 5 * pictures.FINE + 1  # u = 5.375: pixel 4 by 0.625, pixel 6 by 1.375
    assert table[row].nonzero().flatten().tolist() == [4, 6]
    assert table[row, [4, 6]].tolist() == pytest.approx([0.625, 1.375])
    grid = LatLonGrid(24)
    turn = random_rotations(3, torch.Generator().manual_seed(1)).float()
    theirs = PublishedRenderer(grid)
    theirs.points = grid.points  # where ours are, in place of their rings
    expected = theirs(raw(digits[:, None], turn)).signal / 255
    leaning = pictures.leaning(True, ROOT)[0].transpose(1, 2)  # theirs are transposed
    found = Renderer(grid)(raw(leaning[:, None], turn)).signal
    plain = Renderer(grid)(raw(digits[:, None].transpose(2, 3), turn)).signal
    assert (found - expected).abs().mean() < 0.3 * (plain - expected).abs().mean()


def test_the_interpolation_both_ways_says_nothing_of_up_and_down(digits, monkeypatch):
    upright = {f: f(True, ROOT)[0].int() for f in (pictures.leaning, pictures.both_ways)}
    turned = Images(digits[:, None].flip(2, 3), torch.tensor([9, 6, 9]), 10, "mnist")
    monkeypatch.setattr(pictures, "load_source", lambda *_: turned)
    changes = [
        float((f(True, ROOT)[0].flip(*HALF_TURN).int() - images).abs().float().mean())
        for f, images in upright.items()
    ]
    assert changes[1] == 0
    assert changes[0] > 5  # of 255
