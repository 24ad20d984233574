"""Weights with which nothing is hidden by neutral values, for networks that are not trained."""

from __future__ import annotations

from copy import deepcopy

from gaugecnn.audit.signals import RandomFunctions
from gaugecnn.networks import Network
from gaugecnn.testing.symmetry_checks import randomise, with_statistics_of


def randomised(network: Network) -> Network:
    """A copy with random biases and affine weights, and running statistics of random functions.

    A bias of 0 that should not be there breaks nothing, and neither does a scale of 1.

    Args:
        network: untrained.
    """
    signals = RandomFunctions(network.family.input_type, 8, seed=1).upright()
    return with_statistics_of(randomise(deepcopy(network)), signals.to(next(network.parameters())))
