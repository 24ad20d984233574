"""Pools and strides at the coset that the input chooses, at sizes where plain ones fail."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.errors import GaugecnnWarning
from gaugecnn.heads import Head
from gaugecnn.methods.p4 import (
    CosetChoice,
    CosetConvolution,
    CosetMaxPool,
    Cosets,
    P4Family,
    P4Stage,
    P4Type,
    reference,
)
from gaugecnn.methods.p4.group import P4M
from gaugecnn.methods.p4.subsampling import CosetShortcut
from gaugecnn.networks import InvariantNetwork
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.testing.symmetry_checks import measured, patches, randomise, violation

SIZES = (27, 28, 29)
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
GROUPS = pytest.mark.parametrize("group", ["p4", "p4m"])


def network(size, *words):
    config = load_config("p4_25k", overrides=["domain.chart=plane", f"domain.size={size}", *words])
    return measured(randomise(build_model(config)))


@GROUPS
@pytest.mark.parametrize("size", SIZES)
def test_the_published_network_is_exact_at_every_size(size, group):
    model = network(size, "model.subsampling=equivariant", f"model.group={group}")
    symmetries = model.exact_symmetries
    assert len(symmetries) == {"p4": 3, "p4m": 7}[group]
    signal = patches(model, torch.float32)
    with torch.no_grad():
        logits = model(signal)
        for symmetry in symmetries:
            moved = model(symmetry.on_signal(signal))
            assert (moved - logits).abs().max() <= 1e-5 * logits.abs().max()
    for dtype, bound in TOLERANCE.items():
        model.to(dtype)
        assert max(violation(model, model, s, dtype) for s in symmetries) <= bound


@pytest.mark.parametrize(("size", "exact"), [(27, False), (28, True), (29, False)])
def test_plain_pooling_is_exact_at_its_own_size_alone(size, exact):
    if exact:
        model = network(size)
    else:
        with pytest.warns(GaugecnnWarning, match=f"on {size} rows drops the last row"):
            model = network(size)
    assert len(model.exact_symmetries) == (3 if exact else 0)
    turns = model.domain.symmetries()[:3]
    errors = [violation(model, model, turn, torch.float32) for turn in turns]
    assert max(errors) <= 1e-5 if exact else min(errors) > 1e-2


def test_parameters_are_those_of_the_strided_network():
    plain, chosen = network(28), network(28, "model.subsampling=equivariant")
    assert sum(p.numel() for p in chosen.parameters()) == 24810
    chosen.load_state_dict(plain.state_dict())


def residual_network(size, group="p4m"):
    family = P4Family(PlaneChart(size), group=group, subsampling="equivariant")
    stages = [
        P4Stage(channels=3, kernel=2, stride=2),
        P4Stage(channels=4, kernel=3, padding=1, stride=2),
        P4Stage(channels=3, kernel=4, padding=3, pool=2, stride=2),
    ]
    return InvariantNetwork(family, stages, Head(), outputs=10, residual=True)


@pytest.mark.parametrize("size", SIZES)
def test_shortcuts_choose_as_the_convolutions_beside_them(size):
    model = residual_network(size)
    assert isinstance(model.blocks[1].residual, CosetShortcut)
    assert isinstance(model.blocks[2].resample, CosetMaxPool)
    randomise(model).double()
    assert max(violation(model, model, s, torch.float64) for s in model.exact_symmetries) <= 1e-10
    block = model.blocks[1]
    x = torch.randn(2, *block.type_in.shape, dtype=torch.float64)
    chosen = block.layer.choice.chosen(x)
    assert torch.equal(chosen, block.residual.choice.chosen(x))


@pytest.mark.parametrize("size", [40, 41])
def test_fields_move_along(size):
    """Up again: the last kernel brings an odd size back."""
    words = ["model.subsampling=equivariant", "model.group=p4m", f"domain.size={size}"]
    if size % 2:
        words += ["model.segmentation.project.kernel=2", "model.segmentation.skip=false"]
    model = randomise(build_model(load_config("p4", "segmentation", words))).double()
    assert len(model.exact_symmetries) == 7
    assert max(violation(model, model, s, torch.float64) for s in model.exact_symmetries) <= 1e-10


CASES = [(7, 2), (8, 2), (9, 2), (10, 2), (7, 3), (8, 3), (9, 3), (8, 4), (9, 4), (10, 4), (11, 4)]


@pytest.mark.parametrize(("size", "factor"), CASES)
def test_samples_equal_the_reference_in_values_and_gradients(size, factor):
    torch.manual_seed(0)
    cosets = Cosets(size, factor)
    choice = CosetChoice(size, cosets)
    x = torch.randn(40, 3, size, size, dtype=torch.float64, requires_grad=True)
    fast = choice.sample(x, choice.chosen(x))
    strength = x.detach().abs().sum(1)
    slow = reference.subsample(x, strength, factor)
    assert fast.shape == slow.shape == (40, 3, *[-(-size // factor)] * 2)
    torch.testing.assert_close(fast, slow, rtol=0, atol=0)
    weights = torch.randn_like(fast)
    ours = torch.autograd.grad((fast * weights).sum(), x)
    torch.testing.assert_close(ours, torch.autograd.grad((slow * weights).sum(), x))


@pytest.mark.parametrize(("size", "dense"), [(9, 9), (9, 8), (9, 6), (8, 9), (8, 10), (8, 11)])
def test_dense_pools_are_those_of_torch(size, dense):
    choice = CosetChoice(size, Cosets(dense, 2))
    window = choice.window
    assert window.output_size(size) == dense
    x = torch.rand(2, 3, 4, size, size, requires_grad=True)
    planes = torch.nn.functional.pad(x.flatten(1, 2), (window.padding,) * 4)
    expected = torch.nn.functional.max_pool2d(planes, window.kernel, 1).unflatten(1, (3, 4))
    y = choice.densely_pooled(x)
    torch.testing.assert_close(y, expected, rtol=0, atol=0)
    weights = torch.rand_like(y)
    ours, theirs = (torch.autograd.grad((z * weights).sum(), x)[0] for z in (y, expected))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(("size", "factor"), CASES)
def test_every_coset_is_read_whole(size, factor):
    cosets = Cosets(size, factor)
    rows = {
        centre: [cosets.first(centre) + factor * j for j in range(cosets.size)]
        for centre in cosets.centres
    }
    for pixel, side in product(range(size), (-1, 1)):
        shares = cosets.shares(pixel, side)
        assert sum(shares) == 1
        assert cosets.shares(size - 1 - pixel, -side) == shares[::-1]
        for centre, share in zip(cosets.centres, shares, strict=True):
            whole = set(range(pixel % factor, size, factor))
            assert not share or whole <= set(rows[centre])
    for centre, read in rows.items():  # turned about the middle of the plane, as pixels are
        assert [size - 1 - row for row in read] == rows[-centre][::-1]


def test_the_choice_is_the_coset_of_the_strongest_place():
    choice = CosetChoice(7, Cosets(7, 2))
    x = torch.zeros(2, 1, 7, 7)
    x[0, 0, 1, 4] = 3.0  # odd row, even column; as doubled places from the middle, -4 and 2
    x[1, 0, 1, 4], x[1, 0, 2, 2] = 3.0, -4.0  # strength is a size
    assert choice.cosets.centres == [-2, 0, 2]
    assert choice.chosen(x)[0].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert choice.chosen(x)[1].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    sampled = choice.sample(x, choice.chosen(x))
    assert sampled[0].max() == 3.0
    assert sampled[1].min() == -4.0
    assert (sampled != 0).sum() == 2


@pytest.mark.parametrize("size", [7, 8])
def test_pictures_that_are_symmetric_stay_so(size):
    """Ties: all places that are strongest have their part, so that none is preferred."""
    torch.manual_seed(0)
    pool = CosetMaxPool(P4Type(2, size, P4M), 2)
    f = torch.rand(1, 2, 8, size, size, dtype=torch.float64)
    symmetric = torch.stack([P4M.act(g, f) for g in P4M.elements]).mean(0)
    for x in (symmetric, torch.zeros_like(f), torch.ones_like(f)):
        y = pool(x)
        assert torch.isfinite(y).all()
        for g in P4M.elements:
            torch.testing.assert_close(P4M.act(g, y), y, rtol=0, atol=1e-12)


def test_a_shift_of_the_content_keeps_the_values_that_are_kept():
    """A stride of 2 keeps others after a shift by one pixel."""
    torch.manual_seed(0)
    pool = CosetMaxPool(P4Type(2, 20), 2)
    content = torch.rand(1, 2, 4, 6, 6)
    chosen, plain = [], []
    for shift in range(4):
        f = torch.zeros(1, 2, 4, 20, 20)
        f[..., 6 + shift : 12 + shift, 6:12] = content
        chosen.append(pool(f))
        plain.append(torch.nn.functional.max_pool2d(f.flatten(1, 2), 2))
    kept, others = ([y[y > 0].tolist() for y in found] for found in (chosen, plain))
    assert all(values == kept[0] for values in kept)
    assert others[1] != others[0]


def test_a_choice_that_does_not_turn_breaks_the_equivariance(monkeypatch):
    """The first pixel's coset, whatever is seen, is what a stride keeps."""
    monkeypatch.setattr(
        CosetChoice,
        "chosen",
        lambda self, x: torch.nn.functional.one_hot(
            torch.zeros(len(x), dtype=torch.long), len(self.cosets.centres) ** 2
        ).unflatten(1, (len(self.cosets.centres), -1)),
    )
    model = network(27, "model.subsampling=equivariant")
    turn = model.exact_symmetries[0]
    assert violation(model, model, turn, torch.float32) > 1e-2


def test_convolutions_sample_what_they_give_at_every_pixel():
    torch.manual_seed(0)
    stage = P4Stage(channels=3, kernel=3, padding=1, stride=3)
    layer = CosetConvolution(P4Type(2, 10, P4M), stage, P4M).double()
    x = torch.randn(5, 2, 8, 10, 10, dtype=torch.float64)
    assert layer.type_out.cosets == Cosets(10, 3)
    assert layer.type_out.shape == (3, 8, 4, 4)
    dense = torch.nn.functional.conv2d(
        x.flatten(1, 2), layer.conv.expanded(), layer.conv.bias.repeat_interleave(8), padding=1
    ).unflatten(1, (3, 8))
    expected = reference.subsample(dense, x.abs().sum((1, 2)), 3)
    torch.testing.assert_close(layer(x), expected)
