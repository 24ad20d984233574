"""Gauge networks from within: pooling, what is kept in evaluation mode, checkpointing."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from gaugecnn import build_model, load_config
from gaugecnn.methods.gauge import GaugeConv, GaugeFamily, GaugeStage, GaugeType, KernelSpec
from gaugecnn.methods.gauge.levels import Resampling
from gaugecnn.networks import FieldNetwork
from gaugecnn.surfaces import Icosphere
from gaugecnn.testing.symmetry_checks import patches

SMALL = ("domain.level=3",)


def pools(model: nn.Module) -> dict[str, Resampling]:
    return {name: m for name, m in model.named_modules() if isinstance(m, Resampling)}


def segmenter(*radii: float, residual: bool = True) -> FieldNetwork:
    """Down, up, and down again, to one level with one radius and with another."""
    down, again = radii
    plan = [GaugeStage(2), GaugeStage(2, down=1, radius=down), GaugeStage(2)]
    plan += [GaugeStage(2, down=1, radius=again), GaugeStage(2)]
    family = GaugeFamily(Icosphere(3))
    return FieldNetwork(family, plan, GaugeStage(2), residual=residual)


def test_pooling_follows_from_its_own_stage():
    def entries(*radii):
        down = [p for p in pools(segmenter(*radii)).values() if len(p.type_in.surface) == 642]
        return [p.maps["0"].values.numel() for p in down]

    narrow, wide = entries(0.35, 0.8)
    assert wide > 3 * narrow
    assert entries(0.8, 0.35) == [wide, narrow]


def test_a_block_pools_once_for_its_convolution_and_its_shortcut():
    model = segmenter(0.35, 0.35)
    assert len(pools(model)) == 4  # two down, two up; with shortcuts of their own it would be eight
    calls = []
    for pool in pools(model).values():
        pool.register_forward_hook(lambda *_: calls.append(1))
    model(torch.randn(1, 1, 642))
    assert len(calls) == 4


def test_a_block_is_its_convolution_and_its_shortcut_of_the_pooled_input():
    block = segmenter(0.35, 0.35).eval().blocks[1]
    x = torch.randn(2, *block.type_in.shape)
    moved = block.resample(x)
    assert moved.shape[1] == 162
    expected = block.activation(block.norm(block.layer(moved)) + block.residual(moved))
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize(
    ("of_stage", "of_model", "order"),
    [(None, None, 2), (1, None, 1), (None, 1, 1), (None, 3, 3), (1, 3, 1), (3, 1, 1), (3, None, 3)],
)
def test_the_order_is_the_least_that_is_given(of_stage, of_model, order):
    family = GaugeFamily(Icosphere(3), max_order=of_model)
    lift = family.lift(GaugeStage(2, max_order=of_stage, radius=0.9, max_frequency=3))
    assert lift.type_out.multiplicities == (2,) * (order + 1)


def test_shortcuts_between_levels_are_refused():
    family = GaugeFamily(Icosphere(2))
    fine = GaugeType((1,), family.mesh.surface)
    coarse = family.resample(fine, GaugeStage(1, down=1, radius=0.7)).type_out
    with pytest.raises(ValueError, match="expected types on one mesh"):
        family.shortcut(fine, coarse)


@pytest.mark.parametrize("how", ["in place", "load_state_dict", "another parameter", "optimiser"])
def test_the_kept_mixing_follows_the_kernel(how):
    layer = GaugeConv("2x0+1x1", "2x0+1x1", Icosphere(1), KernelSpec(1.35), bias=False).eval()
    x = torch.randn(2, *layer.type_in.shape)
    with torch.no_grad():
        before, kept = layer(x), layer._kept[2]
        layer(x)
        assert layer._kept[2] is kept  # not computed again
        if how == "in place":
            layer.kernel.mul_(2)
        elif how == "load_state_dict":
            layer.load_state_dict({n: 2 * v for n, v in layer.state_dict().items()})
        elif how == "another parameter":
            layer.kernel = nn.Parameter(2 * layer.kernel.detach())
        else:
            layer.kernel.grad = -layer.kernel.detach().clone()
            torch.optim.SGD([layer.kernel], lr=1.0).step()
        torch.testing.assert_close(layer(x), 2 * before)
        again = layer.double()(x.double())
        torch.testing.assert_close(again, 2 * before.double(), atol=1e-5, rtol=1e-5)
        assert copy.deepcopy(layer)._kept is None


def test_mixing_is_kept_only_where_nothing_is_learned():
    layer = GaugeConv("2x0", "2x0", Icosphere(1)).eval()
    x = torch.randn(1, *layer.type_in.shape)
    names = set(layer.state_dict())
    layer(x).sum().backward()
    assert layer._kept is None
    assert layer.kernel.grad.abs().max() > 0
    with torch.no_grad():
        layer(x)
        assert layer._kept is not None
        assert set(layer.state_dict()) == names
        layer.train()(x)
    assert layer._kept is None


@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("name", ["gauge", "gcn"])
def test_checkpointing_gives_the_same_gradients(name, task):
    model = build_model(load_config(name, task, SMALL)).double().eval()
    signal = patches(model, torch.float64)

    def gradients(run):
        model.zero_grad()
        run(signal).square().sum().backward()
        return {n: p.grad.clone() for n, p in model.named_parameters()}

    plain = gradients(model)
    again = gradients(lambda x: checkpoint(model, x, use_reentrant=False))
    assert max(g.abs().max() for g in plain.values()) > 0
    for n, gradient in plain.items():
        torch.testing.assert_close(again[n], gradient, atol=1e-12, rtol=1e-10)
