"""Weights with which nothing is hidden by neutral values, for networks that are not trained."""

from __future__ import annotations

from copy import deepcopy

import torch

from gaugecnn.audit.signals import RandomFunctions
from gaugecnn.networks import Network


@torch.no_grad()
def randomised(network: Network, seed: int = 1) -> Network:
    """A copy with random biases and affine weights, and running statistics of random functions.

    A bias of 0 that should not be there breaks nothing, and neither does a scale of 1.

    Args:
        network: untrained.
        seed: of what is drawn.
    """
    network = deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.named_parameters():
        if value.dim() > 1 and "bias" not in name:
            continue
        noise = torch.rand(value.shape, generator=generator, dtype=torch.float64)
        value.copy_((0.5 + noise if name.endswith("weight") else noise - 0.5).to(value))
    for module in network.modules():
        if getattr(module, "momentum", None) is not None:
            module.momentum = 1.0  # type: ignore[assignment]
    parameter = next(network.parameters())
    signals = RandomFunctions(network.family.input_type, 8, seed).upright().to(parameter)
    network.train()(signals)
    return network.eval()
