"""The typed layers of ordinary convolutional networks."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn.errors import UserError
from gaugecnn.layers import Integral, Layer, Projection, SignalType
from gaugecnn.methods.cnn.stage import CNNStage
from gaugecnn.ops.planar import Window, pooling_window
from gaugecnn.ops.plane_type import PlaneType


class CNNConvolution(Layer):
    """Dropout and max-pool, then a convolution, or a transposed one.

    Args:
        type_in: the planes of the input.
        stage: width and options.

    Raises:
        UserError: the planes are too small for the stage.
    """

    type_out: PlaneType

    def __init__(self, type_in: PlaneType, stage: CNNStage) -> None:
        height, width = (stage.output_size(size) for size in type_in.grid)
        super().__init__(type_in, PlaneType(stage.channels, height, width))
        channels = (type_in.channels, stage.channels)
        options = (stage.kernel, stage.stride, stage.padding)
        self.conv: nn.Conv2d | nn.ConvTranspose2d
        if stage.up:
            self.conv = nn.ConvTranspose2d(*channels, *options, stage.output_padding)
        else:
            self.conv = nn.Conv2d(*channels, *options)
        self.dropout = nn.Dropout(stage.dropout)
        self.pool = stage.pool

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(x)
        if self.pool > 1:
            x = F.max_pool2d(x, self.pool)
        return self.conv(x)


class CNNShortcut(Layer):
    """A max-pool then a 1x1 convolution going down; going up, that convolution then enlargement.

    The pool's kernel and stride are those of a convolution that maps the one size to the other;
    the enlargement repeats the nearest pixel (the published segmentation networks of Gerken et al.
    2022).

    Raises:
        UserError: one axis grows and the other shrinks.
    """

    type_in: PlaneType
    type_out: PlaneType

    def __init__(self, type_in: PlaneType, type_out: PlaneType) -> None:
        super().__init__(type_in, type_out)
        grids = list(zip(type_in.grid, type_out.grid, strict=True))
        self.up = any(size_out > size_in for size_in, size_out in grids)
        if self.up and any(size_out < size_in for size_in, size_out in grids):
            raise UserError(f"expected planes that grow or shrink, got {type_in} -> {type_out}")
        windows = [] if self.up else [convolution_window(*sizes) for sizes in grids]
        self.kernel = tuple(window.kernel for window in windows)
        self.stride = tuple(window.stride for window in windows)
        self.conv = nn.Conv2d(type_in.channels, type_out.channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        if self.up:
            return F.interpolate(self.conv(x), self.type_out.grid)
        return self.conv(F.max_pool2d(x, self.kernel, self.stride))


def convolution_window(size_in: int, size_out: int) -> Window:
    """The window of the convolution without padding that takes `size_in` pixels to `size_out`.

    Several kernels do where the stride exceeds 1; filters are odd, so the largest odd one it is,
    unless pixels between the windows would then be skipped.
    """
    window = pooling_window(size_in, size_out)
    if window.kernel % 2 == 0 and window.kernel - 1 >= window.stride > 1:
        return Window(window.kernel - 1, window.stride)
    return window


class CNNBatchNorm(Layer):
    """Batch normalisation of each plane over the batch and the pixels."""

    def __init__(self, type_: PlaneType) -> None:
        super().__init__(type_, type_)
        self.norm = nn.BatchNorm2d(type_.channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class CNNReLU(Layer):
    """``max(x, 0)``, element by element."""

    def __init__(self, type_: PlaneType) -> None:
        super().__init__(type_, type_)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class CNNProjection(Projection):
    """The last convolution: scalar fields ``(batch, channel, row, column)``."""

    def __init__(self, convolution: CNNConvolution, type_out: SignalType) -> None:
        super().__init__(convolution.type_in, type_out)
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x)


class CNNIntegral(Integral):
    """The plain mean over pixels, ``(batch, channel)``."""

    def __init__(self, type_in: PlaneType) -> None:
        super().__init__()
        self.type_in = type_in
        self.features = type_in.channels

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(-2, -1))  # (batch, channel, row, column) -> (batch, channel)
