from __future__ import annotations

import math

import pytest
import torch
from torch.func import jacrev, vmap

from gaugecnn import build_datamodule, load_config
from gaugecnn.data.images.distortion import Distortions, distorted
from gaugecnn.data.images.limits import MAX_STRAIN
from gaugecnn.errors import UserError
from tests.data.own_fields import SPHERE, write

WORDS = ("domain.level=2", "data.train_size=12", "data.test_size=12", "data.distortion=0.2")
ALL = torch.arange(12)


def jacobians(strain: float, pictures: int) -> torch.Tensor:
    """Of the displacement, at random places, ``(picture, place, 2, 2)``, float64."""
    numbers = Distortions(strain, None, (3,)).draw(pictures, 0).double()
    generator = torch.Generator().manual_seed(0)
    places = torch.rand(pictures, 20, 2, generator=generator, dtype=torch.float64) * 2 - 1

    def moved(place: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
        return distorted(place[None, None], number[None])[0, 0]

    slopes = vmap(vmap(jacrev(moved), in_dims=(0, None)))(places, numbers)
    return slopes - torch.eye(2, dtype=torch.float64)


def test_a_distortion_turns_no_point():
    slopes = jacobians(0.2, 50)
    torch.testing.assert_close(slopes, slopes.mT, rtol=0, atol=1e-12)


@pytest.mark.parametrize("strain", [0.05, 0.2])
def test_lengths_change_by_the_strain_in_the_mean_in_any_direction(strain):
    slopes = jacobians(strain, 4000)
    for angle in (0.0, 0.4, 1.1):
        direction = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        change = torch.einsum("npij,i,j->np", slopes, direction, direction)
        assert float(change.square().mean().sqrt()) == pytest.approx(strain, rel=0.03)


def test_at_the_largest_strain_hardly_anything_folds():
    slopes = jacobians(MAX_STRAIN, 4000)
    least = torch.linalg.eigvalsh(slopes + torch.eye(2, dtype=torch.float64))[..., 0]
    assert float((least <= 0).double().mean()) < 2e-3


def test_places_on_which_no_picture_falls_stay_so():
    places = torch.full((2, 3, 4, 2), float("nan"))
    places[0, 0, 0] = 0.5
    moved = distorted(places, Distortions(0.2, None, (0,)).draw(2, 0))
    assert moved.shape == places.shape
    assert torch.equal(moved.isnan(), places.isnan())


def test_training_alone_is_distorted_and_validation_and_tests_are_not():
    config = load_config("gauge", overrides=WORDS)
    data = build_datamodule(config)
    assert data.train_set[0, ALL].distortion is not None
    for other in (data.validation_set, *data.test_sets.values()):
        assert other[0, ALL].distortion is None
    plain = build_datamodule(load_config("gauge", overrides=WORDS[:-1]))
    raw = data.train_set[0, ALL]
    rendered, still = (data.renderer(batch) for batch in (raw, raw._replace(distortion=None)))
    assert torch.equal(still.signal, plain.renderer(plain.train_set[0, ALL]).signal)
    assert 0.02 < float((rendered.signal - still.signal).abs().mean()) < 0.2


def test_distortions_are_fresh_each_epoch_or_fixed_to_the_copy():
    fresh = build_datamodule(load_config("gauge", overrides=WORDS)).train_set
    assert not torch.equal(fresh[0, ALL].distortion, fresh[1, ALL].distortion)
    again = build_datamodule(load_config("gauge", overrides=WORDS)).train_set
    assert torch.equal(fresh[1, ALL].distortion, again[1, ALL].distortion)
    fixed = build_datamodule(load_config("gauge", overrides=[*WORDS, "data.copies=2"])).train_set
    assert len(fixed) == 24
    assert torch.equal(fixed[0, ALL].distortion, fixed[1, ALL].distortion)
    assert not torch.equal(fixed[0, ALL].distortion, fixed[0, ALL + 12].distortion)


def test_the_mask_lies_where_the_digit_was_moved_to():
    config = load_config("gauge", "segmentation", WORDS)
    data = build_datamodule(config)
    batch = data.renderer(data.train_set[0, ALL])
    on_digit = batch.signal[:, 0] > 150 / 255
    assert torch.equal(batch.mask > 0, on_digit)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("data.distortion=0",), r"data\.distortion: expected above 0 and at most 0\.25"),
        (("data.distortion=0.4",), r"expected above 0 and at most 0\.25.* got 0\.4"),
        (("data.distortion=.nan",), r"data\.distortion: expected a finite number"),
        (
            ("data.distortion=0.1", "data.convention=published"),
            r"data\.distortion=0\.1: data\.convention=published lays pictures",
        ),
    ],
)
def test_distortions_that_there_are_not_are_refused(words, message):
    with pytest.raises(UserError, match=message):
        load_config("s2cnn", overrides=words)


def test_fields_are_not_distorted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = write(tmp_path, SPHERE, "fields_to_distort")
    words = [f"data.name={module}:labels", "data.distortion=0.1", "model.in_channels=2"]
    with pytest.raises(UserError, match=r"data\.distortion are of pictures"):
        build_datamodule(load_config("s2cnn", overrides=words))
