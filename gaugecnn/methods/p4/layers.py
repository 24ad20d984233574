"""The typed layers of p4 networks."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn.layers import Integral, Layer, Projection, SignalType
from gaugecnn.methods.p4.convolutions import (
    GroupConvolution,
    P4ConvP4,
    P4ConvZ2,
    P4MConvP4M,
    P4MConvZ2,
)
from gaugecnn.methods.p4.group import P4, P4M, PlaneGroup
from gaugecnn.methods.p4.stage import P4Stage, warn_of
from gaugecnn.methods.p4.types import P4Type
from gaugecnn.ops.planar import pooling_window
from gaugecnn.ops.plane_type import PlaneType

LIFTS: dict[PlaneGroup, type[GroupConvolution]] = {P4: P4ConvZ2, P4M: P4MConvZ2}
FEATURES: dict[PlaneGroup, type[GroupConvolution]] = {P4: P4ConvP4, P4M: P4MConvP4M}


def on_planes(operation: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply what works on ``(batch, plane, row, column)`` to ``(batch, ..., row, column)``."""
    planes = x.flatten(1, -3)  # (batch, channel, rotation, ...) -> (batch, plane, row, column)
    return operation(planes).unflatten(1, x.shape[1:-2])


class P4Convolution(Layer):
    """Dropout, max-pool or enlargement, then a lift of a signal or a convolution of a feature.

    Args:
        type_in: the planes of a signal, or a feature on the group.
        stage: width and options.
        group: p4 or p4m.

    Attributes:
        unread: why it is not exact at this size, in sentences; none where it is.

    Raises:
        UserError: the planes are too small for the stage.
    """

    type_out: P4Type

    def __init__(self, type_in: PlaneType | P4Type, stage: P4Stage, group: PlaneGroup) -> None:
        size = type_in.grid[-1]
        super().__init__(type_in, P4Type(stage.channels, stage.output_size(size), group))
        self.unread = stage.reasons(size)
        warn_of(self.unread, self.extra_repr())
        self.conv = convolution_of(type_in, stage, group, stage.convolution.stride)
        self.dropout = nn.Dropout(stage.dropout)
        self.pool = stage.pool
        self.enlarge = stage.stride if stage.up else 1

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(x)
        if self.pool > 1:
            x = on_planes(lambda planes: F.max_pool2d(planes, self.pool), x)
        return self.conv(enlarged(x, self.enlarge))


def convolution_of(
    type_in: PlaneType | P4Type, stage: P4Stage, group: PlaneGroup, stride: int
) -> GroupConvolution:
    """The convolution proper of a stage, with a stride of its own."""
    table = FEATURES if isinstance(type_in, P4Type) else LIFTS
    channels = (type_in.channels, stage.channels)
    return table[group](*channels, stage.kernel, stride=stride, padding=stage.padding)


def enlarged(x: Tensor, factor: int) -> Tensor:
    """Planes with each pixel repeated `factor` times along rows and columns."""
    if factor == 1:
        return x
    return on_planes(lambda planes: F.interpolate(planes, scale_factor=factor), x)


class P4Shortcut(Layer):
    """A 1x1 p4 convolution after a max-pool, or before an enlargement, that fits the two sizes.

    Both are symmetric about the centre of the plane: the pool reads all pixels, and the
    enlargement is bilinear.
    """

    type_in: P4Type
    type_out: P4Type

    def __init__(self, type_in: P4Type, type_out: P4Type) -> None:
        super().__init__(type_in, type_out)
        convolution = FEATURES[type_out.group]
        self.conv = convolution(type_in.channels, type_out.channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        size_in, size_out = self.type_in.size, self.type_out.size
        if size_in > size_out:
            window = pooling_window(size_in, size_out)
            x = on_planes(lambda planes: F.max_pool2d(planes, window.kernel, window.stride), x)
        x = self.conv(x)
        if size_in < size_out:
            size = (size_out, size_out)
            x = on_planes(lambda planes: F.interpolate(planes, size, mode="bilinear"), x)
        return x


class P4BatchNorm(Layer):
    """Batch normalisation of each channel over the batch, the group and the pixels."""

    def __init__(self, type_: P4Type) -> None:
        super().__init__(type_, type_)
        self.norm = nn.BatchNorm3d(type_.channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)  # (batch, channel, rotation, row, column)


class P4ReLU(Layer):
    """``max(x, 0)``, element by element."""

    def __init__(self, type_: P4Type) -> None:
        super().__init__(type_, type_)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class CosetPooling(nn.Module):
    """The maximum over rotations, ``(batch, channel, rotation, ...) -> (batch, channel, ...)``.

    What is left turns as a scalar does (Cohen & Welling 2016, section 6.3).
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.amax(dim=2)


class P4Projection(Projection):
    """A p4 convolution to `channels`, then the mean over rotations: a scalar field."""

    def __init__(self, convolution: Layer, type_out: SignalType) -> None:
        super().__init__(convolution.type_in, type_out)
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x).mean(dim=2)  # (batch, channel, row, column)


class P4Integral(Integral):
    """The mean over pixels, then the maximum over rotations: invariants ``(batch, channel)``.

    The mean is over the whole plane of the feature, also where an equivariant subsampling reads 0.
    """

    def __init__(self, type_in: P4Type) -> None:
        super().__init__()
        self.type_in = type_in
        self.features = type_in.channels
        self.pool = CosetPooling()

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(x.mean(dim=(-2, -1)))  # (batch, channel, rotation) -> (batch, channel)
