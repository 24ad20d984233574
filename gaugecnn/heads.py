"""What a network ends in: perceptrons of invariants or of fields at each point, and units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn

from gaugecnn.plans import Head


def perceptron(head: Head, features: int, outputs: int) -> nn.Sequential:
    """The perceptron of invariants, ``(batch, features) -> (batch, outputs)``."""
    layers: list[nn.Module] = []
    for width in head.hidden:
        layers += [nn.Linear(features, width), nn.BatchNorm1d(width), nn.ReLU()]
        layers += [nn.Dropout(head.dropout)] if head.dropout else []
        features = width
    return nn.Sequential(*layers, nn.Linear(features, outputs))


class PointHead(nn.Module):
    """The perceptron of a field, the same at each point of the domain.

    Its first hidden layer is ``relu(f + W s)``, with f the projected fields, as many as it is wide,
    and s the signal itself, as sharp as it is sampled: what is cut off in degree, or pooled, tells
    which class there is, the signal tells where it ends. A function of what is at a point commutes
    with whatever moves points.

    Args:
        head: widths, at least one.
        in_channels: channels of the signal.
        outputs: channels of what comes out.
    """

    def __init__(self, head: Head, in_channels: int, outputs: int) -> None:
        super().__init__()
        first, *others = head.hidden
        self.signal = nn.Linear(in_channels, first, bias=False)
        layers: list[nn.Module] = [nn.ReLU()]
        for before, width in zip(head.hidden, others, strict=False):
            layers += [nn.Linear(before, width), nn.ReLU()]
        layers += [nn.Dropout(head.dropout)] if head.dropout else []
        self.layers = nn.Sequential(*layers, nn.Linear(head.hidden[-1], outputs))

    def forward(self, fields: Tensor, signal: Tensor) -> Tensor:
        """Fields and signal ``(batch, channel, *shape)`` to ``(batch, output, *shape)``."""
        x = fields.movedim(1, -1) + self.signal(signal.movedim(1, -1).to(fields.dtype))
        outputs: Tensor = self.layers(x)  # (batch, *shape, output)
        return outputs.movedim(-1, 1).contiguous()


class VectorHead(nn.Module):
    """Vector fields, each longer or shorter at each point by what the scalars there say.

    ``v_k (1 + g_k)`` with g the perceptron (`PointHead`) of the projected scalars and the signal: a
    number times a vector turns as the vector does.

    Args:
        head: widths, at least one.
        in_channels: channels of the signal.
        outputs: vector fields.
    """

    def __init__(self, head: Head, in_channels: int, outputs: int) -> None:
        super().__init__()
        self.scalars = head.hidden[0]
        self.gates = PointHead(head, in_channels, outputs)

    def forward(self, fields: Tensor, signal: Tensor) -> Tensor:
        """Scalars, then vectors ``(batch, width + vector xyz, *shape)`` to vectors."""
        scalars, vectors = fields[:, : self.scalars], fields[:, self.scalars :]
        gates = 1 + self.gates(scalars, signal)  # (batch, vector, *shape)
        return vectors * gates.repeat_interleave(3, dim=1)


class Units(nn.Module):
    """From the numbers that a network is trained on to those of its targets.

    ``y = mean + deviation z`` for each output; a vector has no mean, which would be a direction.
    Both are kept in the state dict: they belong to what was learned. They, and the numbers that
    they give, have at least float32: a temperature in bfloat16 is off by a degree.

    Args:
        mean: of each output ``(output,)``.
        deviation: of each output ``(output,)``.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        exact = dict(self.named_buffers())
        super()._apply(fn, recurse)
        for name, buffer in exact.items():
            moved = getattr(self, name)
            if moved.dtype.itemsize < buffer.dtype.itemsize:
                least = torch.promote_types(moved.dtype, torch.float32)
                setattr(self, name, buffer.to(moved.device, least))
        return self

    def forward(self, outputs: Tensor) -> Tensor:
        """Outputs ``(batch, output, ...)`` in the units of the targets."""
        shape = (-1, *[1] * (outputs.dim() - 2))
        exact = outputs.to(torch.promote_types(outputs.dtype, self.mean.dtype))
        return self.mean.view(shape) + self.deviation.view(shape) * exact
