from __future__ import annotations

import pytest
import torch

from gaugecnn.methods.gauge.product import bounded_product, waves
from gaugecnn.ops import parts
from gaugecnn.ops.products import product_table


def table_of(orders):
    return product_table(waves(orders, 3 * orders))


def by_samples(x, areas, orders):
    """The same on the circle: sampled finely enough for the square, divided, read back."""
    channels = x.shape[2] // (2 * orders - 1)
    first, *pairs = x.split([channels, *[2 * channels] * (orders - 1)], dim=2)
    parts = [first[..., None], *(pair.unflatten(2, (-1, 2)) for pair in pairs)]
    basis = waves(orders, 3 * orders - 2).to(x)
    g = torch.cat(parts, dim=-1) @ basis  # (vertex, batch, channel, angle)
    size = torch.einsum("v,vbca->bca", areas, g.square()).mean(-1, keepdim=True)
    g = g + g.square() / (2 * (1 + size).sqrt())
    back = (g @ basis.T / basis.shape[1]).split([1, *[2] * (orders - 1)], dim=-1)
    return torch.cat([part.flatten(2) for part in back], dim=2)


def example(orders, channels=2):
    x = torch.randn(5, 3, channels * (2 * orders - 1), dtype=torch.float64, requires_grad=True)
    areas = torch.rand(5, dtype=torch.float64)
    return x, areas / areas.sum()


@pytest.mark.parametrize("orders", [1, 2, 3, 5])
@pytest.mark.parametrize("cached", [1, 40, 1 << 17])
def test_values_and_gradients(orders, cached, monkeypatch):
    monkeypatch.setattr(parts, "CACHED", cached)
    table = table_of(orders)
    x, areas = example(orders)
    expected = by_samples(x, areas, orders)
    torch.testing.assert_close(bounded_product(x, areas, table), expected)
    weights = torch.randn_like(expected)
    got, right = (
        torch.autograd.grad((y * weights).sum(), x)[0]
        for y in (bounded_product(x, areas, table), by_samples(x, areas, orders))
    )
    torch.testing.assert_close(got, right)
    if orders < 4:
        assert torch.autograd.gradcheck(bounded_product, (x, areas, table), fast_mode=True)
        assert torch.autograd.gradgradcheck(bounded_product, (x, areas, table), fast_mode=True)


def test_it_compiles():
    x, areas = example(3)
    table = table_of(3)
    compiled = torch.compile(bounded_product, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, areas, table), bounded_product(x, areas, table))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e15])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_grows_no_faster_than_its_input(size, dtype):
    x = (size * torch.randn(100, 4, 5, dtype=dtype)).requires_grad_()
    y = bounded_product(x, torch.full((100,), 0.01, dtype=dtype), table_of(3))
    y.sum().backward()
    assert y.norm() <= 10 * x.norm()
    assert x.grad.abs().max() < 40


def test_a_small_one_is_half_its_square():
    x = 1e-3 * torch.randn(20, 3, 1, dtype=torch.float64)
    y = bounded_product(x, torch.full((20,), 0.05, dtype=torch.float64), table_of(1))
    torch.testing.assert_close(y - x, x.square() / 2, rtol=1e-5, atol=0)
