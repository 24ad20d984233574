"""The typed layers of p4 networks."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn.layers import Integral, Layer, Projection, SignalType
from gaugecnn.methods.p4.convolutions import P4ConvP4, P4ConvZ2
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.methods.p4.types import P4Type
from gaugecnn.ops.planar import pooling_window
from gaugecnn.ops.plane_type import PlaneType


def on_planes(operation: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply what works on ``(batch, plane, row, column)`` to ``(batch, ..., row, column)``."""
    planes = x.flatten(1, -3)  # (batch, channel, rotation, ...) -> (batch, plane, row, column)
    return operation(planes).unflatten(1, x.shape[1:-2])


class P4Convolution(Layer):
    """Dropout, max-pool or enlargement, then `P4ConvZ2` on a signal and `P4ConvP4` on a feature.

    Args:
        type_in: the planes of a signal, or a p4 feature.
        stage: width and options.

    Raises:
        UserError: the planes are too small for the stage.
    """

    type_out: P4Type

    def __init__(self, type_in: PlaneType | P4Type, stage: P4Stage) -> None:
        size = type_in.grid[-1]
        super().__init__(type_in, P4Type(stage.channels, stage.output_size(size)))
        stage.warn_unless_exact(size, self.extra_repr())
        convolution = P4ConvP4 if isinstance(type_in, P4Type) else P4ConvZ2
        self.conv = convolution(
            type_in.channels,
            stage.channels,
            stage.kernel,
            stride=stage.convolution.stride,
            padding=stage.padding,
        )
        self.dropout = nn.Dropout(stage.dropout)
        self.pool = stage.pool
        self.enlarge = stage.stride if stage.up else 1

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(x)
        if self.pool > 1:
            x = on_planes(lambda planes: F.max_pool2d(planes, self.pool), x)
        if self.enlarge > 1:
            x = on_planes(lambda planes: F.interpolate(planes, scale_factor=self.enlarge), x)
        return self.conv(x)


class P4Shortcut(Layer):
    """A 1x1 p4 convolution after a max-pool, or before an enlargement, that fits the two sizes.

    Both are symmetric about the centre of the plane: the pool reads all pixels, and the
    enlargement is bilinear.
    """

    type_in: P4Type
    type_out: P4Type

    def __init__(self, type_in: P4Type, type_out: P4Type) -> None:
        super().__init__(type_in, type_out)
        self.conv = P4ConvP4(type_in.channels, type_out.channels, kernel_size=1)

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
    """Batch normalisation of each channel over the batch, the four rotations and the pixels."""

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

    def __init__(self, convolution: P4Convolution, type_out: SignalType) -> None:
        super().__init__(convolution.type_in, type_out)
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x).mean(dim=2)  # (batch, channel, row, column)


class P4Integral(Integral):
    """The mean over pixels, then the maximum over rotations: invariants ``(batch, channel)``."""

    def __init__(self, type_in: P4Type) -> None:
        super().__init__()
        self.type_in = type_in
        self.features = type_in.channels
        self.pool = CosetPooling()

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(x.mean(dim=(-2, -1)))  # (batch, channel, rotation) -> (batch, channel)
