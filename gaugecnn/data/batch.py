"""What a network is trained on, and what makes it of the samples that a loader gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from torch import Tensor, nn


class Batch(NamedTuple):
    """What a network is trained on.

    Attributes:
        signal: ``(batch, channel, *domain.shape)``; of pictures from 0 to the renderer's `white`.
        label: what is asked of the whole signal: its class ``(batch,)``, of a scene that of its
            first digit, or numbers ``(batch, output)``; None where nothing is.
        mask: what is asked at each point: its class ``(batch, *domain.shape)``, of pictures 0 for
            background and label + 1 on a digit, of fields -1 where there is none; or numbers
            ``(batch, output, [xyz,] *domain.shape)``; None where nothing is.
    """

    signal: Tensor
    label: Tensor | None
    mask: Tensor | None


class SignalRenderer(nn.Module, ABC):
    """What turns raw samples into a `Batch` on a domain, batched, on their device."""

    @abstractmethod
    def forward(self, raw: Any) -> Batch:
        """A named tuple of tensors, as a data set gives it, on the domain."""

    @abstractmethod
    def shown(self, signal: Tensor) -> Tensor:
        """A signal ``(channel, *domain.shape)`` as grey values in [0, 1], to be drawn."""
