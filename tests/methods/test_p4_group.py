"""The convolutions of p4 and p4m: right values, copies kept, and what a misplaced flip does."""

from __future__ import annotations

import pytest
import torch

from gaugecnn.methods.p4 import P4ConvP4, P4ConvZ2, P4MConvP4M, P4MConvZ2, P4Type, reference
from gaugecnn.methods.p4.group import P4, P4M
from gaugecnn.ops.square import SquareElement
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.surfaces.symmetry import Reflection, reflection_of_x

GROUPS = pytest.mark.parametrize("group", [P4, P4M], ids=["p4", "p4m"])
LAYERS = {P4: (P4ConvZ2, P4ConvP4), P4M: (P4MConvZ2, P4MConvP4M)}
# kernel, stride, padding, size: all obey (size + 2 padding - kernel) mod stride == 0
EXACT = [(3, 1, 1, 8), (4, 1, 0, 8), (3, 2, 1, 9), (4, 2, 1, 8), (1, 1, 0, 5)]


def relative_error(got, expected, other):
    """Largest error against the mean difference between the outputs of two inputs."""
    return ((got - expected).abs().max() / (expected - other).abs().mean()).item()


@GROUPS
@pytest.mark.parametrize(("kernel", "stride", "padding", "size"), EXACT)
def test_lift_and_convolution_commute_with_the_group(group, kernel, stride, padding, size):
    torch.manual_seed(0)
    lift, conv = (layer(2, 2, kernel, stride, padding).double() for layer in LAYERS[group])
    x, other = torch.randn(2, 2, 2, size, size, dtype=torch.float64)
    f, g = torch.randn(2, 2, 2, group.order, size, size, dtype=torch.float64)
    for element in group.elements:
        lifted = group.act(element, lift(x))
        assert relative_error(lift(element.act(x)), lifted, lift(other)) <= 1e-10
        expected = group.act(element, conv(f))
        assert relative_error(conv(group.act(element, f)), expected, conv(g)) <= 1e-10
        if element != SquareElement(0):  # the features really move
            assert relative_error(lifted, lift(x), lift(other)) > 0.1
            assert relative_error(expected, conv(f), conv(g)) > 0.1


def test_p4_does_not_commute_with_reflections():
    torch.manual_seed(0)
    lift = P4ConvZ2(1, 3, 3)
    x = torch.randn(2, 1, 8, 8)
    reflected, y = lift(x.flip(-1)).amax(2), lift(x).amax(2)  # whatever the order of rotations
    assert relative_error(reflected, y.flip(-1), lift(torch.randn(2, 1, 8, 8)).amax(2)) > 0.1


def test_a_misplaced_flip_is_caught():
    """The flip of rows in place of columns, in the filters alone: still eight copies."""

    class Misplaced(P4MConvP4M):
        def _taps(self):
            taps = super()._taps()
            return torch.cat([taps[:4], taps[4:].flip(-1).flip(-2)])

    torch.manual_seed(0)
    conv = Misplaced(2, 2, 3).double()
    f, g = torch.randn(2, 2, 2, 8, 7, 7, dtype=torch.float64)
    turn, flip = SquareElement(1), SquareElement(0, flip=True)
    assert relative_error(conv(P4M.act(turn, f)), P4M.act(turn, conv(f)), conv(g)) <= 1e-10
    assert relative_error(conv(P4M.act(flip, f)), P4M.act(flip, conv(f)), conv(g)) > 0.1


def test_the_eight_copies_of_a_filter():
    lift = P4MConvZ2(1, 1, 3, bias=False)
    taps = torch.arange(9.0).view(3, 3)
    with torch.no_grad():
        lift.weight.copy_(taps[None, None])
    copies = lift.expanded().detach().squeeze(1)  # (element, row, column)
    assert copies[0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert copies[1].tolist() == [[2, 5, 8], [1, 4, 7], [0, 3, 6]]
    assert copies[4].tolist() == [[2, 1, 0], [5, 4, 3], [8, 7, 6]]
    assert torch.equal(copies[5], taps.T)


def test_one_tap_of_one_element_reads_where_it_should():
    """``w = 1`` at element F alone: the plane at g reads that at ``g F``."""
    conv = P4MConvP4M(1, 1, 1, bias=False)
    with torch.no_grad():
        conv.weight.zero_()[0, 0, 4] = 1.0
    f = torch.arange(8.0).view(1, 1, 8, 1, 1)
    flip = SquareElement(0, flip=True)
    expected = [float(P4M.index(g @ flip)) for g in P4M.elements]
    assert conv(f).flatten().tolist() == expected == [4, 5, 6, 7, 0, 1, 2, 3]
    with torch.no_grad():
        conv.weight.zero_()[0, 0, 1] = 1.0  # at one quarter turn: g Q, and Q^r F Q = Q^(r-1) F
    assert conv(f).flatten().tolist() == [1, 2, 3, 0, 7, 4, 5, 6]


@GROUPS
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (4, 2, 0), (2, 1, 1)])
def test_convolutions_equal_the_reference_in_values_and_gradients(
    group, kernel, stride, padding, bias
):
    torch.manual_seed(0)
    elements = reference.P4M_ELEMENTS[: group.order]
    lifted = (2, 2, group.order, 7, 7)
    for layer, shape in zip(LAYERS[group], [(2, 2, 7, 7), lifted], strict=True):
        conv = layer(2, 3, kernel, stride, padding, bias).double()
        x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
        arguments = (x, conv.weight, conv.bias, stride, padding)
        if shape is lifted:
            slow = reference.conv_on_group(*arguments)
        else:
            slow = reference.lifting_conv(*arguments, elements=elements)
        fast = conv(x)
        torch.testing.assert_close(fast, slow)
        weights = torch.randn_like(fast)
        inputs = [x, *conv.parameters()]
        ours = torch.autograd.grad((fast * weights).sum(), inputs)
        torch.testing.assert_close(ours, torch.autograd.grad((slow * weights).sum(), inputs))


@pytest.mark.parametrize("layer", [*LAYERS[P4], *LAYERS[P4M]])
def test_copies_are_kept_while_nothing_is_learned(layer, monkeypatch):
    made = []
    expand = layer.expanded
    monkeypatch.setattr(layer, "expanded", lambda self: made.append(1) or expand(self))
    conv = layer(2, 3, 3)
    x = torch.randn(1, 2, *[layer.group.order] * (conv.weight.dim() - 4), 6, 6)
    trained = set(conv.state_dict())
    y = conv(x)
    conv(x)
    assert len(made) == 2  # while training, every time
    conv.eval()
    with torch.no_grad():
        assert torch.equal(conv(x), y)
        assert torch.equal(conv(x), y)
        assert len(made) == 3
        conv.weight.add_(1.0)
        assert not torch.equal(conv(x), y)
        assert len(made) == 4
    assert set(conv.state_dict()) == trained == {"weight", "bias"}


def test_types_have_four_or_eight_planes_and_move_by_their_group():
    chart = PlaneChart(6)
    mirror = Reflection("mirror", reflection_of_x(), chart)
    f = torch.randn(2, 3, 8, 6, 6)
    assert P4Type(3, 6, P4M).shape == (3, 8, 6, 6)
    assert str(P4Type(3, 6, P4M)) == "3x8 planes 6x6"
    moved = P4Type(3, 6, P4M).transform(mirror, f)
    # F Q^r = Q^-r F: the plane at F stands first, that at Q^-1 F second
    assert torch.equal(moved[:, :, 0], f[:, :, 4].flip(-1))
    assert torch.equal(moved[:, :, 1], f[:, :, 7].flip(-1))
    with pytest.raises(ValueError, match="expected a symmetry in p4, got mirror"):
        P4Type(3, 6).transform(mirror, f[:, :, :4])
