from __future__ import annotations

import pytest
import torch

from gaugecnn.methods.gauge.product import bounded_product, waves
from gaugecnn.ops import parts
from gaugecnn.ops.products import product_table


def table_of(orders):
    return product_table(waves(orders, 3 * orders))


def by_samples(x, orders):
    """The same on the circle: sampled finely enough for the square, divided, read back."""
    channels = x.shape[1] // (2 * orders - 1)
    first, *pairs = x.split([channels, *[2 * channels] * (orders - 1)], dim=1)
    parts = [first[..., None], *(pair.unflatten(1, (-1, 2)) for pair in pairs)]
    basis = waves(orders, 3 * orders - 2).to(x)
    g = torch.cat(parts, dim=-1) @ basis  # (point, channel, angle)
    g = g + g.square() / (2 * (1 + g.square().mean(-1, keepdim=True)).sqrt())
    back = (g @ basis.T / basis.shape[1]).split([1, *[2] * (orders - 1)], dim=-1)
    return torch.cat([part.flatten(1) for part in back], dim=1)


@pytest.mark.parametrize("orders", [1, 2, 3, 5])
@pytest.mark.parametrize("cached", [1, 40, 1 << 17])
def test_values_and_gradients(orders, cached, monkeypatch):
    monkeypatch.setattr(parts, "CACHED", cached)
    table = table_of(orders)
    x = torch.randn(7, 2 * (2 * orders - 1), dtype=torch.float64, requires_grad=True)
    expected = by_samples(x, orders)
    torch.testing.assert_close(bounded_product(x, table), expected)
    weights = torch.randn_like(expected)
    got, right = (
        torch.autograd.grad((y * weights).sum(), x)[0]
        for y in (bounded_product(x, table), by_samples(x, orders))
    )
    torch.testing.assert_close(got, right)
    if orders < 4:
        assert torch.autograd.gradcheck(bounded_product, (x, table))
        assert torch.autograd.gradgradcheck(bounded_product, (x, table))


def test_it_compiles():
    x = torch.randn(7, 10, dtype=torch.float64, requires_grad=True)
    table = table_of(3)
    compiled = torch.compile(bounded_product, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, table), bounded_product(x, table))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e15])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_grows_no_faster_than_its_input(size, dtype):
    x = (size * torch.randn(100, 5, dtype=dtype)).requires_grad_()
    y = bounded_product(x, table_of(3))
    y.sum().backward()
    assert (y.norm(dim=-1) <= 2.5 * x.norm(dim=-1)).all()
    assert x.grad.abs().max() < 10


def test_a_small_one_is_half_its_square():
    x = 1e-3 * torch.randn(20, 1, dtype=torch.float64)
    torch.testing.assert_close(
        bounded_product(x, table_of(1)) - x, x.square() / 2, rtol=1e-5, atol=0
    )
