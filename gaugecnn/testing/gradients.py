"""Gradients are right: finite, those of finite differences, of one image at a time."""

from __future__ import annotations

import pytest
import torch

from gaugecnn.networks import Network
from gaugecnn.testing.case import Case
from gaugecnn.testing.gradient_checks import derivative_errors, signal_gradient, upstream
from gaugecnn.testing.symmetry_checks import patches

MOST_ERROR = 1e-4
"""Of a derivative in float64, see `derivative_errors`."""


class GradientTests(Case):
    """Of what is learned from."""

    def test_gradients_are_finite_and_reach_every_parameter(self, network: Network) -> None:
        """In evaluation too: a batch norm hides what a bias before it does."""
        for training in (True, False):
            outputs = network.train(training)(patches(network, torch.float32, 4))
            (outputs * upstream(outputs)).sum().backward()
            for name, parameter in network.named_parameters():
                assert parameter.grad is not None, name
                assert torch.isfinite(parameter.grad).all(), name
                assert training or parameter.grad.any(), name
                parameter.grad = None

    def test_constant_images_give_finite_gradients(self, network: Network) -> None:
        zero = torch.zeros_like(patches(network, torch.float32))
        network.train()(zero).sum().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name

    @pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
    def test_gradients_are_those_of_finite_differences(
        self, network: Network, training: bool
    ) -> None:
        errors = derivative_errors(network.double().train(training))
        assert {name: e for name, e in errors.items() if not e < MOST_ERROR} == {}

    def test_gradients_do_not_see_other_images(self, network: Network) -> None:
        network, signal = network.double(), patches(network, torch.float64, 3)
        weights = upstream(network(signal).detach())
        alone = signal_gradient(network, signal[:1], weights[:1])
        together = signal_gradient(network, signal, weights)
        assert (alone - together[:1]).abs().max() < 1e-10 * together.abs().max()
        weights[1:] = 0
        of_one = signal_gradient(network, signal, weights)
        assert of_one[0].any()
        assert not of_one[1:].any()

    def test_gradients_are_the_same_where_nothing_is_learned(self, network: Network) -> None:
        """A layer may keep what follows from its parameters then; the signal does not notice."""
        network, signal = network.double(), patches(network, torch.float64)
        weights = upstream(network(signal).detach())
        learning = signal_gradient(network, signal, weights)
        settled = signal_gradient(network.requires_grad_(False), signal, weights)
        assert (learning - settled).abs().max() < 1e-10 * learning.abs().max()
