"""What a network ends in: perceptrons that read invariants, or fields at each point."""

from __future__ import annotations

from torch import Tensor, nn

from gaugecnn.plans import Head


def perceptron(head: Head, features: int, classes: int) -> nn.Sequential:
    """The perceptron of a classifier, ``(batch, features) -> (batch, classes)``."""
    layers: list[nn.Module] = []
    for width in head.hidden:
        layers += [nn.Linear(features, width), nn.BatchNorm1d(width), nn.ReLU()]
        layers += [nn.Dropout(head.dropout)] if head.dropout else []
        features = width
    return nn.Sequential(*layers, nn.Linear(features, classes))


class PointHead(nn.Module):
    """The perceptron of a segmenter, the same at each point of the domain.

    Its first hidden layer is ``relu(f + W s)``, with f the projected fields, as many as it is wide,
    and s the signal itself, as sharp as it is sampled: what is cut off in degree, or pooled, tells
    which class there is, the signal tells where it ends. A function of what is at a point commutes
    with whatever moves points.

    Args:
        head: widths, at least one.
        in_channels: channels of the signal.
        classes: channels of the logits.
    """

    def __init__(self, head: Head, in_channels: int, classes: int) -> None:
        super().__init__()
        first, *others = head.hidden
        self.signal = nn.Linear(in_channels, first, bias=False)
        layers: list[nn.Module] = [nn.ReLU()]
        for before, width in zip(head.hidden, others, strict=False):
            layers += [nn.Linear(before, width), nn.ReLU()]
        layers += [nn.Dropout(head.dropout)] if head.dropout else []
        self.layers = nn.Sequential(*layers, nn.Linear(head.hidden[-1], classes))

    def forward(self, fields: Tensor, signal: Tensor) -> Tensor:
        """Fields and signal ``(batch, channel, *shape)`` to ``(batch, class, *shape)``."""
        x = fields.movedim(1, -1) + self.signal(signal.movedim(1, -1).to(fields.dtype))
        logits: Tensor = self.layers(x)  # (batch, *shape, class)
        return logits.movedim(-1, 1).contiguous()
