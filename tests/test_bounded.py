"""What a network says of signals that it was not made for: finite, and no larger in proportion."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from gaugecnn import build_datamodule, build_model, load_config
from gaugecnn.networks import Network
from gaugecnn.task_registry import OF_PICTURES as TASKS

SCALES = (1.0, 10.0, 100.0, 1000.0)
SMALLER = {"gauge": "domain.level=3", "s2cnn": "domain.bandwidth=24"}


def untrained(model: str, task: str, *words: str) -> tuple[Network, Tensor]:
    """A network with random biases and the statistics of a batch of digits, and the batch."""
    words = (SMALLER[model], "train.batch_size=8", *words)
    config = load_config(model, task, words)
    network = build_model(config)
    data = build_datamodule(config, network.domain)
    raw = next(iter(data.train_dataloader()))
    signal = data.on_after_batch_transfer(raw, 0).signal
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.3)
        for _ in range(30):
            network.train()(signal)
    return network.eval(), signal


def inputs(signal: Tensor) -> dict[str, Tensor]:
    noise = torch.rand(signal.shape, generator=torch.Generator().manual_seed(2))
    found = {"digit": signal, "inverted": 1 - signal, "noise": noise, "constant": noise * 0 + 1}
    return {**found, "negative": -signal}


def measured(network: Network, signal: Tensor) -> float:
    """The size of the logits; they and all gradients have to be numbers."""
    signal = signal.clone().requires_grad_()
    network.zero_grad()
    logits = network(signal)
    assert logits.isfinite().all()
    logits.float().square().mean().sqrt().backward()
    assert signal.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in network.parameters())
    return float(logits.detach().float().abs().max())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalisation", ["batch", "none"])
@pytest.mark.parametrize("model", ["gauge", "s2cnn"])
def test_logits_grow_no_faster_than_signals(model, normalisation, residual, task) -> None:
    words = (f"model.normalisation={normalisation}", f"model.{task}.residual={residual}")
    network, signal = untrained(model, task, *words)
    usual = measured(network, signal)
    for name, x in inputs(signal).items():
        sizes = [measured(network, scale * x) for scale in SCALES]
        assert sizes[0] < 50 * max(usual, 1), name
        growth = [after / max(before, usual) for before, after in pairwise(sizes)]
        # Of ten times the signal: squares first, in every layer, and then as the signal grows.
        for found, limit in zip(growth, (2000, 25, 12), strict=True):
            assert found < limit, (name, growth)
        assert measured(network, 1e-3 * x) < 50 * max(usual, 1), name


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", ["gauge", "s2cnn"])
def test_so_it_is_in_bfloat16(model, task) -> None:
    network, signal = untrained(model, task)
    with torch.autocast("cpu", torch.bfloat16):
        usual = measured(network, signal)
        for name, x in inputs(signal).items():
            for scale in SCALES:
                assert measured(network, scale * x) < 500 * scale * max(usual, 1), name
