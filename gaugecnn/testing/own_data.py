"""Data of one's own: other channels, other targets, other units, all four tasks."""

from __future__ import annotations

import dataclasses

import torch
from omegaconf import DictConfig

from gaugecnn import build_model, load_config
from gaugecnn.data.description import Description
from gaugecnn.networks import Network
from gaugecnn.task_registry import OF_NUMBERS
from gaugecnn.testing.case import Case
from gaugecnn.testing.gradient_checks import signal_gradient, upstream
from gaugecnn.testing.symmetry_checks import (
    measured,
    moves,
    patches,
    randomise,
    rounding,
    violation,
)

CHANNELS, OUTPUTS, COUNT = 3, 4, 5
"""No two of them equal, so that no axis can be taken for another."""


class OwnDataTests(Case):
    """Of networks for data that are no pictures of digits."""

    def test_own_channels_and_targets(self, own_task: str) -> None:
        network = self._network(own_task)
        signal = patches(network, torch.float32, COUNT)
        assert signal.shape == (COUNT, CHANNELS, *network.domain.shape)
        outputs = network(signal)
        invariant = own_task in ("classification", "regression")
        assert outputs.shape == (COUNT, OUTPUTS, *(() if invariant else network.domain.shape))
        differ = (outputs - outputs.mean(1, keepdim=True)).abs().amax(dim=0)
        assert differ.flatten(1).amax(dim=1).all() if differ.dim() > 1 else differ.all()
        gradient = signal_gradient(network, signal, upstream(outputs.detach()))
        sizes = gradient.transpose(0, 1).flatten(1).norm(dim=1)  # (channel,)
        assert sizes.min() > 1e-3 * sizes.max(), "a channel of the signal is hardly read"

    def test_own_data_leave_the_symmetries(self, own_task: str) -> None:
        network = self._network(own_task)
        listed = network.exact_symmetries
        assert bool(listed) is self.symmetric
        for symmetry in [s for s in listed if moves(s, network.domain)][:2]:
            assert violation(network, network, symmetry, torch.float32) < 1e-4, symmetry.name

    def test_numbers_come_in_the_units_of_their_targets(self, number_task: str) -> None:
        means, deviations = (3.0, -1.0, 0.5, 7.0), (2.0, 0.1, 5.0, 1.0)
        plain = self._network(number_task, (0.0,) * OUTPUTS, (1.0,) * OUTPUTS)
        scaled = self._network(number_task, means, deviations)
        signal = patches(plain, torch.float32, COUNT)
        axes = (-1, *[1] * (plain(signal).dim() - 2))
        mean, deviation = (torch.tensor(v).view(axes).to(signal) for v in (means, deviations))
        assert rounding(scaled(signal), mean + deviation * plain(signal)) < 1e-5

    def _network(
        self, task: str, mean: tuple[float, ...] = (), deviation: tuple[float, ...] = ()
    ) -> Network:
        """The network for data of a task, in evaluation, none of its numbers neutral."""
        more = [f"model.in_channels={CHANNELS}", "data.name=own.data:load"]
        config: DictConfig = load_config(self.model, task, [*self.overrides, *more])
        description = Description(CHANNELS, {task: OUTPUTS}, background=False)
        if task in OF_NUMBERS:
            mean, deviation = mean or (0.0,) * OUTPUTS, deviation or (1.0,) * OUTPUTS
            description = dataclasses.replace(
                description, target_mean=mean, target_deviation=deviation
            )
        return measured(randomise(build_model(config, None, description)))
