"""What a layer holds besides its parameters: tables, precisions, kept spectra; compiled layers."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from tests.methods.s2cnn_layers import LAYERS, so3_conv


def test_a_layer_can_be_built_without_memory() -> None:
    with torch.device("meta"):
        layer = so3_conv((3, 2), (3, 2), None)
    layer = layer.to_empty(device="cpu")
    other = so3_conv((3, 2), (3, 2), None)
    layer.load_state_dict(other.state_dict())
    x = torch.randn(1, *layer.type_in.shape)
    torch.testing.assert_close(layer(x), other(x))


def test_only_parameters_are_in_the_state_dict() -> None:
    for make in LAYERS.values():
        assert set(make((3, 3), (3, 3), None).state_dict()) == {"kernel", "bias"}


@pytest.mark.parametrize("kind", LAYERS)
def test_precisions(kind) -> None:
    layer = LAYERS[kind]((4, 3), (4, 3), None)
    x = torch.randn(2, *layer.type_in.shape)
    exact = copy.deepcopy(layer).double()(x.double())
    with torch.autocast("cpu", torch.bfloat16):
        assert (layer(x) - exact).abs().max() < 1e-5 * exact.abs().max()
        assert layer(x.bfloat16()).dtype == torch.float32
    # constants are cast anew from float64: a detour through bfloat16 loses no table
    detour = copy.deepcopy(layer)
    weights = {name: value.clone() for name, value in layer.state_dict().items()}
    detour.bfloat16().double().load_state_dict(weights)
    assert (detour(x.double()) - exact).abs().max() < 1e-12


def test_tables_hold_no_subnormal_numbers() -> None:
    layer = so3_conv((24, 24), (24, 24), None)
    for module in (layer.analysis, layer.synthesis):
        values = module.matrix[module.matrix != 0].abs()
        assert values.min() > 0.9e-14 * values.max()  # float32's precision squared
        assert module.grid.small_d().abs().gt(0).sum() > module.matrix.ne(0).sum()


def test_equal_layers_share_their_tables() -> None:
    first, second = (so3_conv((4, 3), (4, 3), None) for _ in range(2))
    assert first.analysis.matrix is second.analysis.matrix
    assert first.double().analysis.matrix is not second.analysis.matrix


def changed_kernel(layer: nn.Module, how: str) -> None:
    """Double the kernel in one of the ways in which parameters change."""
    if how == "in place":
        with torch.no_grad():
            layer.kernel.mul_(2)
    elif how == "load_state_dict":
        layer.load_state_dict({n: 2 * v for n, v in layer.state_dict().items()})
    elif how == "another parameter":
        layer.kernel = nn.Parameter(2 * layer.kernel.detach())
    elif how == "new storage":
        layer.kernel.data = 2 * layer.kernel.detach()
    else:
        layer.kernel.grad = -layer.kernel.detach().clone()
        torch.optim.SGD([layer.kernel], lr=1.0).step()


@pytest.mark.parametrize(
    "how", ["in place", "load_state_dict", "another parameter", "new storage", "optimiser"]
)
@pytest.mark.parametrize("kind", LAYERS)
def test_kept_spectra_follow_the_kernel(kind, how: str) -> None:
    layer = LAYERS[kind]((4, 3), (4, 3), None).eval()
    x = torch.randn(2, *layer.type_in.shape)
    with torch.no_grad():
        before = layer(x)
        spectra = layer.product._kept[2]
        layer(x)
        assert layer.product._kept[2] is spectra  # not computed again
        changed_kernel(layer, how)
        torch.testing.assert_close(layer(x), 2 * before)


def test_spectra_are_kept_only_where_nothing_is_learned() -> None:
    layer = so3_conv((4, 3), (4, 3), None)
    x = torch.randn(2, *layer.type_in.shape)
    with torch.no_grad():
        layer.eval()(x)
    assert layer.product._kept is not None
    layer(x).sum().backward()  # in evaluation mode, but with a gradient
    assert layer.kernel.grad.abs().max() > 0
    assert layer.product._kept is None
    with torch.inference_mode():
        layer(x)
    layer.requires_grad_(False)
    x.requires_grad_()
    layer(x).sum().backward()  # what inference mode kept can stand in a graph
    assert x.grad.abs().max() > 0
    with torch.no_grad():
        assert layer.double()(x.double()).dtype == torch.float64
    assert copy.deepcopy(layer).product._kept is None
    layer.train()
    with torch.no_grad():
        layer(x.double())
    assert layer.product._kept is None


@pytest.mark.parametrize("kind", LAYERS)
def test_layers_compile(kind) -> None:
    layer = LAYERS[kind]((3, 2), (3, 2), None)
    x = torch.randn(2, *layer.type_in.shape)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), layer(x))
    compiled(x).sum().backward()
    assert layer.kernel.grad.isfinite().all()
