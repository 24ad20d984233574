from __future__ import annotations

import pytest
import torch

from gaugecnn.ops.product import bounded_product


def test_values_and_gradients():
    x = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    expected = x + x.square() / (2 * (1 + x.square().mean(-1, keepdim=True)).sqrt())
    torch.testing.assert_close(bounded_product(x), expected)
    assert torch.autograd.gradcheck(bounded_product, x)
    assert torch.autograd.gradgradcheck(bounded_product, x)
    compiled = torch.compile(bounded_product, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), expected)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e15])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_grows_no_faster_than_its_input(size, dtype):
    x = (size * torch.randn(100, 7, dtype=dtype)).requires_grad_()
    y = bounded_product(x)
    y.sum().backward()
    assert (y.norm(dim=-1) <= 2.5 * x.norm(dim=-1)).all()
    assert x.grad.abs().max() < 10


def test_a_small_one_is_half_its_square():
    x = 1e-3 * torch.randn(20, 7, dtype=torch.float64)
    torch.testing.assert_close(bounded_product(x) - x, x.square() / 2, rtol=1e-5, atol=0)
