from __future__ import annotations

import pytest
import torch

from gaugecnn.ops.batch_norm import WeightedBatchNorm


def readable(x, points, weight, bias, eps=1e-5):
    """The equation, on ``(batch, point, component)`` of 3 scalars and 2 pairs."""
    scalars, pairs = x[..., :3], x[..., 3:].unflatten(-1, (2, 2))
    mean = torch.einsum("p,bpc->c", points, scalars) / len(x)
    var = torch.einsum("p,bpc->c", points, (scalars - mean).square()) / len(x)
    power = torch.einsum("p,bpcr->c", points, pairs.square()) / len(x)
    first = (scalars - mean) / (var + eps).sqrt() * weight[:3] + bias
    second = pairs / (power + eps).sqrt()[:, None] * weight[3:, None]
    return torch.cat([first, second.flatten(-2)], dim=-1)


def test_values_and_gradients():
    points = torch.rand(6, dtype=torch.float64)
    points = points / points.sum()
    norm = WeightedBatchNorm(points, [1] * 3 + [2] * 2, 3).double()
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    x = torch.randn(4, 6, 7, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn_like(x)
    fast, slow = norm(x), readable(x, points, norm.weight, norm.bias)
    torch.testing.assert_close(fast, slow, atol=1e-10, rtol=0)
    inputs = (x, norm.weight, norm.bias)
    for a, b in zip(
        *(torch.autograd.grad((y * upstream).sum(), inputs) for y in (fast, slow)), strict=True
    ):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=0)


def test_running_statistics_are_used_in_evaluation():
    norm = WeightedBatchNorm(torch.full((5,), 0.2), [1, 1], 2)
    x = 3 + 2 * torch.randn(64, 5, 2)
    for _ in range(100):
        norm(x)
    torch.testing.assert_close(norm.running_mean, x.mean((0, 1)), atol=1e-3, rtol=0)
    torch.testing.assert_close(norm.running_var, x.var((0, 1), correction=0), atol=1e-2, rtol=0)
    torch.testing.assert_close(norm.eval()(x), norm.train()(x), atol=1e-3, rtol=0)


def test_points_count_by_their_weight():
    x = torch.tensor([[[0.0], [10.0]]])
    norm = WeightedBatchNorm(torch.tensor([0.9, 0.1]), [1], 1, momentum=1.0)
    norm(x)
    assert norm.running_mean.item() == pytest.approx(1.0)
    assert norm.running_var.item() == pytest.approx(0.9 * 1 + 0.1 * 81)
