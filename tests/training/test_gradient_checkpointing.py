"""Blocks that are computed again in the backward pass give the same gradients."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from gaugecnn import build_model, load_config
from tests.training.test_precision import SMALL


def gradients(network, signal):
    network.zero_grad()
    network(signal).square().mean().backward()
    return {name: p.grad.clone() for name, p in network.named_parameters()}


@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("model", SMALL)
def test_the_gradients_are_the_same(model, task):
    network = build_model(load_config(model, task, SMALL[model])).double().train()
    signal = torch.rand(3, *network.family.input_type.shape, dtype=torch.float64)
    plain = gradients(network, signal)
    assert all(gradient.abs().max() > 0 for gradient in plain.values())
    again = []
    for block in network.blocks:
        block.register_forward_pre_hook(lambda *_: again.append(1))
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)
        block.layer.register_forward_pre_hook(lambda *_: again.append(0))
    saved = gradients(network, signal)
    blocks = len(network.blocks)
    assert (again.count(1), again.count(0)) == (blocks, 2 * blocks)  # once more each
    assert saved.keys() == plain.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(saved[name], gradient, rtol=1e-12, atol=1e-14, msg=name)
