"""Augmentation that is learned with the network: from which rotations the input is turned.

A rotation is ``exp(u_1 w_1 G_1 + u_2 w_2 G_2 + u_3 w_3 G_3)`` with G the generators about x, y, z,
u uniform in [-1, 1]^3 and w, at most pi, learned. In training each signal is turned by one of them,
and the loss is less ``penalty |w|``, so that the distribution widens as far as the data allow; else
the answer is the mean over a fixed choice of them. Fields are turned back before they are compared.
After Benton et al. 2020, "Learning Invariances in Neural Networks", equations 2, 4 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gaugecnn.data.turning import FieldTurner
from gaugecnn.errors import UserError
from gaugecnn.networks import Augmentation, FieldNetwork, Network
from gaugecnn.ops.outline import outlined
from gaugecnn.plans import LearnedAugmentation
from gaugecnn.surfaces.domain import SphereDomain

START = 0.1
"""The widths before training, in radians."""


class LearnedRotations(Augmentation):
    """Signals are turned at random, and by how much is learned.

    Args:
        options: how many rotations, and what wide distributions are worth.
        network: whose signals are turned, and its fields turned back.

    Raises:
        UserError: its domain is no sphere, or its outputs are vectors.
    """

    steps: Tensor
    generators: Tensor

    def __init__(self, options: LearnedAugmentation, network: Network) -> None:
        super().__init__()
        domain = network.domain
        if not isinstance(domain, SphereDomain):
            raise UserError(f"augmentation: rotations are of the sphere, got {domain.title}")
        self.fields = isinstance(network, FieldNetwork)
        if isinstance(network, FieldNetwork) and network.vectors:
            raise UserError("augmentation: numbers are turned back, got a network of vectors")
        self.options = options
        self.turner = None if outlined() else FieldTurner(domain)
        odds = START / math.pi
        self.logits = nn.Parameter(torch.full((3,), math.log(odds / (1 - odds))))
        steps = torch.quasirandom.SobolEngine(3).draw(
            options.samples
        )  # (sample, axis), the same always
        self.register_buffer("steps", 2 * steps - 1, persistent=False)
        self.register_buffer("generators", _generators(), persistent=False)

    @property
    def widths(self) -> Tensor:
        """The greatest angle about x, y and z, in radians ``(3,)``."""
        return math.pi * torch.sigmoid(self.logits)

    @property
    def penalty(self) -> Tensor:
        """What is added to the loss."""
        return -self.options.penalty * self.widths.norm()

    def rotations(self, steps: Tensor) -> Tensor:
        """The rotations ``(count, 3, 3)`` of steps u ``(count, axis)`` in [-1, 1]."""
        return torch.matrix_exp(torch.einsum("na,aij->nij", steps * self.widths, self.generators))

    def forward(self, signal: Tensor, network: Callable[[Tensor], Tensor]) -> Tensor:
        """What a network answers to signals ``(batch, channel, *domain.shape)``."""
        if self.training:
            steps = 2 * torch.rand(len(signal), 3, device=signal.device, dtype=signal.dtype) - 1
            return self._answer(signal, self.rotations(steps.to(self.logits)), network)
        answers = [
            self._answer(signal, rotation.expand(len(signal), 3, 3), network)
            for rotation in self.rotations(self.steps)
        ]
        return torch.stack(answers).mean(0)

    def _answer(
        self, signal: Tensor, rotations: Tensor, network: Callable[[Tensor], Tensor]
    ) -> Tensor:
        assert self.turner is not None, "a network in outline cannot be run"
        outputs = network(self.turner(signal, rotations).to(signal))
        if self.fields:
            outputs = self.turner(outputs, rotations.mT).to(outputs)
        return outputs


def _generators() -> Tensor:
    """Of the rotations about x, y and z, ``(axis, 3, 3)``."""
    found = torch.zeros(3, 3, 3)
    for axis in range(3):
        before, behind = (axis + 1) % 3, (axis + 2) % 3
        found[axis, behind, before], found[axis, before, behind] = 1, -1
    return found
