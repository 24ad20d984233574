from __future__ import annotations

import warnings

import pytest
import torch

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.heads import Head
from gaugecnn.layers import Identity
from gaugecnn.methods.p4 import (
    CosetPooling,
    P4BatchNorm,
    P4ConvP4,
    P4ConvZ2,
    P4Family,
    P4Stage,
    P4Type,
)
from gaugecnn.networks import FieldNetwork, InvariantNetwork
from gaugecnn.surfaces.chart import AzimuthalChart, EquirectangularChart
from gaugecnn.surfaces.symmetry import FrameChange, Rotation, step_about_z

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
DTYPES = pytest.mark.parametrize("dtype", TOLERANCE, ids=str)


def turn_planes(x, k):
    return torch.rot90(x, k, (-2, -1))


def turn_feature(x, k):
    return torch.rot90(x, k, (-2, -1)).roll(k, dims=2)


def randomise(module):
    """Every parameter and running mean away from its start, so that none hides an error."""
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) * 0.6 + 0.1)
    return module


def relative_error(got, expected, other):
    """Largest error against the mean difference between the outputs of two inputs."""
    return ((got - expected).abs().max() / (expected - other).abs().mean()).item()


# kernel, stride, padding, size: all obey (size + 2 padding - kernel) mod stride == 0
EXACT = [(3, 1, 1, 8), (3, 1, 0, 7), (4, 1, 0, 8), (3, 2, 1, 9), (4, 2, 1, 8), (2, 2, 0, 8),
         (5, 3, 2, 10), (1, 1, 0, 6)]  # fmt: skip


@pytest.mark.parametrize(("kernel", "stride", "padding", "size"), EXACT)
@DTYPES
def test_convolutions_commute_with_quarter_turns(kernel, stride, padding, size, dtype):
    torch.manual_seed(0)
    lift = randomise(P4ConvZ2(2, 3, kernel, stride, padding).to(dtype))
    conv = randomise(P4ConvP4(2, 3, kernel, stride, padding).to(dtype))
    x, other = torch.randn(2, 2, 2, size, size, dtype=dtype)
    f, g = torch.randn(2, 2, 2, 4, size, size, dtype=dtype)
    for k in (1, 2, 3):
        y = turn_feature(lift(x), k)
        assert relative_error(lift(turn_planes(x, k)), y, lift(other)) <= TOLERANCE[dtype]
        assert relative_error(y, lift(x), lift(other)) > 0.1  # the feature really turns
        z = turn_feature(conv(f), k)
        assert relative_error(conv(turn_feature(f, k)), z, conv(g)) <= TOLERANCE[dtype]


@pytest.mark.parametrize(("kernel", "stride", "padding", "size"), [(3, 2, 0, 8), (2, 2, 0, 7)])
def test_unread_pixels_break_the_equivariance(kernel, stride, padding, size):
    torch.manual_seed(0)
    conv = P4ConvP4(2, 3, kernel, stride, padding)
    f, g = torch.randn(2, 2, 2, 4, size, size)
    error = relative_error(conv(turn_feature(f, 1)), turn_feature(conv(f), 1), conv(g))
    assert error > 0.1


def test_without_the_cyclic_shift_the_equivariance_test_fails():
    torch.manual_seed(0)
    conv = P4ConvP4(2, 3, 3)
    f, g = torch.randn(2, 2, 2, 4, 8, 8)
    unshifted = conv(turn_planes(f, 1))
    assert relative_error(unshifted, turn_feature(conv(f), 1), conv(g)) > 0.1


def test_parameters_have_the_published_shapes():
    assert P4ConvZ2(3, 10, 3).weight.shape == (10, 3, 3, 3)
    assert P4ConvP4(10, 5, 4).weight.shape == (5, 10, 4, 4, 4)
    assert P4ConvP4(10, 5, 4, bias=False).bias is None


def test_batch_norm_has_one_mean_per_plane_over_the_four_rotations():
    norm = P4BatchNorm(P4Type(2, 3))
    x = torch.randn(5, 2, 4, 3, 3) * 3 + 1
    y = norm(x)
    torch.testing.assert_close(y.mean((0, 2, 3, 4)), torch.zeros(2), atol=1e-5, rtol=0)
    assert y.mean((0, 3, 4)).abs().max() > 1e-3  # single rotations keep their means
    assert sum(p.numel() for p in norm.parameters()) == 4


def test_coset_pooling_keeps_the_largest_rotation():
    x = torch.randn(2, 3, 4, 5, 5)
    assert torch.equal(CosetPooling()(x), x.max(dim=2).values)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_type_transforms_as_the_signal_of_the_chart(turns):
    """One lift, and two ways round: `Rotation` on the chart, `P4Type` on the feature."""
    torch.manual_seed(0)
    chart = AzimuthalChart(8)
    family = P4Family(chart)
    rotation = Rotation("turn", torch.linalg.matrix_power(step_about_z(4), turns), chart)
    lift = family.lift(P4Stage(channels=3, kernel=3)).double()
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    expected = lift.type_out.transform(rotation, lift(x))
    torch.testing.assert_close(lift(rotation.on_signal(x)), expected)
    assert lift(x).shape == (2, *lift.type_out.shape) == (2, 3, 4, 6, 6)
    with pytest.raises(ValueError, match="a symmetry of a square chart"):
        lift.type_out.transform(FrameChange(torch.zeros(1)), lift(x))


def classifier(size, *, last=4, normalisation="batch"):
    family = P4Family(AzimuthalChart(size), normalisation=normalisation)
    stages = [
        P4Stage(channels=3, kernel=3, padding=1),
        P4Stage(channels=4, kernel=3, padding=1, pool=2, dropout=0.2),
        P4Stage(channels=3, kernel=3, stride=2, padding=1),
        P4Stage(channels=5, kernel=last),
    ]
    return InvariantNetwork(family, stages, Head(), outputs=10, residual=True)


def segmenter(size, *, project=None):
    family = P4Family(AzimuthalChart(size))
    stages = [
        P4Stage(channels=3, kernel=3, padding=1),
        P4Stage(channels=4, kernel=4, stride=2, padding=1),
        P4Stage(channels=3, kernel=3, padding=1, stride=2, up=True),
    ]
    project = project or P4Stage(channels=11, kernel=3, padding=1)
    return FieldNetwork(family, stages, project, residual=True, skip=True)


@DTYPES
def test_classifier_is_invariant_under_the_exact_symmetries(dtype):
    torch.manual_seed(0)
    model = randomise(classifier(18, last=5)).to(dtype).eval()
    x, other = torch.randn(2, 2, 1, 18, 18, dtype=dtype)
    symmetries = model.exact_symmetries
    assert [symmetry.name for symmetry in symmetries] == [
        "quarter turn",
        "half turn about z",
        "three quarter turns",
    ]
    for symmetry in symmetries:
        turned = model(symmetry.on_signal(x))
        assert relative_error(turned, model(x), model(other)) <= 10 * TOLERANCE[dtype]


@DTYPES
def test_segmenter_turns_along(dtype):
    torch.manual_seed(0)
    model = randomise(segmenter(12)).to(dtype).eval()
    x, other = torch.randn(2, 2, 1, 12, 12, dtype=dtype)
    assert model(x).shape == (2, 11, 12, 12)
    assert len(model.exact_symmetries) == 3
    for symmetry in model.exact_symmetries:
        turned, expected = model(symmetry.on_signal(x)), symmetry.on_signal(model(x))
        assert relative_error(turned, expected, model(other)) <= 10 * TOLERANCE[dtype]
        assert relative_error(expected, model(x), model(other)) > 0.1


def test_an_inexact_size_builds_with_a_warning_and_without_symmetries():
    torch.manual_seed(0)
    message = r"3x4 planes 19x19 -> .*max_pool 2x2 on 19 rows drops the last row: use 20"
    with pytest.warns(GaugecnnWarning, match=message):
        model = classifier(19)
    assert model.exact_symmetries == []
    quarter = Rotation("quarter turn", step_about_z(4), model.domain)
    model = model.eval()
    x, other = torch.randn(2, 2, 1, 19, 19)
    assert relative_error(model(quarter.on_signal(x)), model(x), model(other)) > 1e-3


def test_a_strided_convolution_that_leaves_pixels_unread_is_named():
    family = P4Family(AzimuthalChart(8))
    with pytest.warns(GaugecnnWarning, match=r"1 planes 8x8 -> 2x4 planes 3x3: its convolution"):
        family.lift(P4Stage(channels=2, kernel=3, stride=2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        family.lift(P4Stage(channels=2, kernel=3, stride=2, up=True))  # stride enlarges here


def test_exact_symmetries_follow_the_sizes_through_the_plan():
    family = P4Family(AzimuthalChart(28))
    half = P4Stage(channels=2, kernel=3, padding=1, pool=2)
    assert len(family.exact_symmetries([half, half])) == 3  # 28 -> 14 -> 7
    assert family.exact_symmetries([half, half, half]) == []  # 7 is odd


@pytest.mark.parametrize(("size_in", "size_out"), [(8, 4), (9, 4), (8, 8), (4, 8), (5, 9), (4, 7)])
def test_shortcuts_commute_with_quarter_turns(size_in, size_out):
    torch.manual_seed(0)
    family = P4Family(AzimuthalChart(8))
    layer = family.shortcut(P4Type(2, size_in), P4Type(3, size_out)).double()
    f, g = torch.randn(2, 2, 2, 4, size_in, size_in, dtype=torch.float64)
    assert layer(f).shape == (2, 3, 4, size_out, size_out)
    error = relative_error(layer(turn_feature(f, 1)), turn_feature(layer(f), 1), layer(g))
    assert error <= 1e-10


def test_family_refuses_what_it_has_no_layers_for():
    with pytest.raises(UserError, match=r"or plane, got chart\(equirectangular, size=8\)"):
        P4Family(EquirectangularChart(8))
    with pytest.raises(UserError, match="expected normalisation to be one of batch, none"):
        P4Family(AzimuthalChart(8), normalisation="layer")
    family = P4Family(AzimuthalChart(8), normalisation="none")
    feature = P4Type(2, 8)
    assert isinstance(family.normalise(feature), Identity)
    with pytest.raises(TypeError, match="P4Type, got 1 scalars on chart"):
        family.convolve(family.input_type, P4Stage(channels=2))
    with pytest.raises(UserError, match=r"8x8 of chart.*got 6x6 from 2x4 planes 8x8"):
        family.project(feature, 11, P4Stage(channels=1, kernel=3))


def test_skips_and_dropout_and_state_dict():
    torch.manual_seed(0)
    model = segmenter(12)
    assert model.project.convolution.type_out == P4Type(11, 12)
    copy = segmenter(12)
    copy.load_state_dict(model.state_dict())
    x = torch.randn(2, 1, 12, 12)
    assert torch.equal(model.eval()(x), copy.eval()(x))
    dropped = P4Family(AzimuthalChart(8)).lift(P4Stage(channels=2, dropout=0.5))
    signal = torch.randn(1, 1, 8, 8)
    assert not torch.equal(dropped(signal), dropped(signal))
    assert torch.equal(dropped.eval()(signal), dropped(signal))
