"""The typed layers of p4 networks on a cubed sphere: gauge networks of the group C4.

The planar convolutions work in each chart, on faces that `RotationPadding` has laid the cells of
their neighbours around. What is read of a feature without a chart, its integral and a projection,
is read after the four rotations of each cell have been made one number, for the rotations of
different charts have different names.
"""

from __future__ import annotations

from torch import Tensor, nn

from gaugecnn.errors import UserError
from gaugecnn.layers import Integral, Layer, Projection, SignalType
from gaugecnn.methods.p4.convolutions import P4ConvP4, P4ConvZ2
from gaugecnn.methods.p4.cube_types import CubeP4Type
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.ops.cube_layers import AreaMean, faces_into_batch, faces_out_of_batch, resized
from gaugecnn.ops.cube_padding import RotationPadding, ScalarPadding
from gaugecnn.ops.cube_sizes import check_padding, shrunk
from gaugecnn.ops.cube_type import CubeType


def size_after(stage: P4Stage, size: int) -> int:
    """Rows of a face behind a stage, from those before it.

    Raises:
        UserError: what is left are not six whole faces.
    """
    if stage.up:
        size *= stage.stride
    else:
        size = shrunk(size, stage.pool, f"max-pool ({stage.pool_window})")
    window = stage.convolution
    if window.kernel - window.stride != 2 * window.padding:
        raise UserError(
            f"expected 2 padding = kernel - stride of a p4 convolution on a cubed sphere, which "
            f"keeps faces side by side, got {window}"
        )
    check_padding(size, window.padding)
    return shrunk(size, window.stride, f"convolution ({window})")


class CubeP4Convolution(Layer):
    """Dropout, max-pool or enlargement in each face, padding across edges, then the convolution.

    `P4ConvZ2` on a signal and `P4ConvP4` on a feature, each without padding of its own.

    Args:
        type_in: a signal, or a p4 feature, on the six faces.
        stage: width and options.

    Raises:
        UserError: the faces do not fit the stage.
    """

    type_out: CubeP4Type

    def __init__(self, type_in: CubeType | CubeP4Type, stage: P4Stage) -> None:
        super().__init__(type_in, CubeP4Type(stage.channels, size_after(stage, type_in.size)))
        window = stage.convolution
        self.dropout = nn.Dropout(stage.dropout)
        self.read_size = self.type_out.size * window.stride
        lifts = isinstance(type_in, CubeType)
        self.pad = (ScalarPadding if lifts else RotationPadding)(self.read_size, window.padding)
        convolution = P4ConvZ2 if lifts else P4ConvP4
        self.conv = convolution(
            type_in.channels, stage.channels, stage.kernel, stride=window.stride
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.pad(resized(self.dropout(x), self.read_size))
        return faces_out_of_batch(self.conv(faces_into_batch(x)))


class CubeP4Shortcut(Layer):
    """A 1x1 p4 convolution that fits two sizes: after a max-pool, or before cells are repeated."""

    type_in: CubeP4Type
    type_out: CubeP4Type

    def __init__(self, type_in: CubeP4Type, type_out: CubeP4Type) -> None:
        super().__init__(type_in, type_out)
        self.conv = P4ConvP4(type_in.channels, type_out.channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = resized(x, min(self.type_in.size, self.type_out.size))
        x = faces_out_of_batch(self.conv(faces_into_batch(x)))
        return resized(x, self.type_out.size)


class CubeP4Projection(Projection):
    """A p4 convolution to `channels`, then the mean over the rotations of each cell."""

    def __init__(self, convolution: CubeP4Convolution, type_out: SignalType) -> None:
        super().__init__(convolution.type_in, type_out)
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x).mean(dim=2)  # (batch, channel, face, row, column)


class CubeP4Integral(Integral):
    """The maximum over the rotations of each cell, then the mean over the sphere.

    On one chart the mean over cells comes first; here plane r means another direction in each
    chart, so that a mean of plane r over charts would depend on the gauge.
    """

    def __init__(self, type_in: CubeP4Type) -> None:
        super().__init__()
        self.type_in = type_in
        self.features = type_in.channels
        self.mean = AreaMean(type_in.size)

    def forward(self, x: Tensor) -> Tensor:
        return self.mean(x.amax(dim=2))  # (batch, channel, face, row, column) -> (batch, channel)
