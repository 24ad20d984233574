"""The typed layers of ordinary convolutions in the six charts of a cubed sphere.

Faces read across their edges, where values are right and directions are not: a filter that has its
own up in each chart meets a neighbour's features, which were made with another up, as they are.
"""

from __future__ import annotations

from torch import Tensor, nn

from gaugecnn.errors import UserError
from gaugecnn.layers import Integral, Layer, Projection, SignalType
from gaugecnn.methods.cnn.stage import CNNStage
from gaugecnn.ops.cube_layers import AreaMean, faces_into_batch, faces_out_of_batch, resized
from gaugecnn.ops.cube_padding import ScalarPadding
from gaugecnn.ops.cube_sizes import check_padding, shrunk
from gaugecnn.ops.cube_type import CubeType


def size_after(stage: CNNStage, size: int) -> int:
    """Rows of a face behind a stage, from those before it.

    Raises:
        UserError: what is left are not six whole faces.
    """
    size = shrunk(size, stage.pool, f"max-pool ({stage.pool_window})")
    if stage.up:
        expected = size * stage.stride
        found = stage.window.transposed_size(size, stage.output_padding)
    else:
        expected = shrunk(size, stage.stride, f"convolution ({stage.window})")
        found = stage.window.output_size(size)
    if found != expected:
        change = "kernel, padding or output_padding" if stage.up else "kernel or padding"
        raise UserError(
            f"its convolution ({stage.window}) takes faces of {size}x{size} cells to "
            f"{found}x{found}, where {expected}x{expected} are whole faces: change its {change}"
        )
    check_padding(size, reach(stage))
    return expected


def reach(stage: CNNStage) -> int:
    """Cells beyond the edges that a convolution, or a transposed one, reads.

    The transposed one gives element o from the cells i with ``0 <= o - stride i < kernel``, and its
    first `padding` elements are cut off.
    """
    if not stage.up:
        return stage.padding
    before = (stage.kernel - 1 - stage.padding) // stage.stride
    after = (stage.padding - 1) // stage.stride + 1
    return max(before, after, 0)


class CubeCNNConvolution(Layer):
    """Dropout and max-pool, padding across edges, then a convolution, or a transposed one.

    Args:
        type_in: scalars on the six faces.
        stage: width and options.

    Raises:
        UserError: the faces do not fit the stage.
    """

    type_out: CubeType

    def __init__(self, type_in: CubeType, stage: CNNStage) -> None:
        super().__init__(type_in, CubeType(stage.channels, size_after(stage, type_in.size)))
        self.dropout = nn.Dropout(stage.dropout)
        self.read_size = type_in.size // stage.pool
        beyond = reach(stage)
        self.pad = ScalarPadding(self.read_size, beyond)
        channels = (type_in.channels, stage.channels)
        self.conv: nn.Conv2d | nn.ConvTranspose2d
        if stage.up:
            cut = stage.padding + beyond * stage.stride
            options = (stage.kernel, stage.stride, cut, stage.output_padding)
            self.conv = nn.ConvTranspose2d(*channels, *options)
        else:
            self.conv = nn.Conv2d(*channels, stage.kernel, stage.stride)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pad(resized(self.dropout(x), self.read_size))
        return faces_out_of_batch(self.conv(faces_into_batch(x)))


class CubeCNNShortcut(Layer):
    """A 1x1 convolution that fits two sizes: after a max-pool, or before cells are repeated."""

    type_in: CubeType
    type_out: CubeType

    def __init__(self, type_in: CubeType, type_out: CubeType) -> None:
        super().__init__(type_in, type_out)
        self.conv = nn.Conv2d(type_in.channels, type_out.channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = resized(x, min(self.type_in.size, self.type_out.size))
        x = faces_out_of_batch(self.conv(faces_into_batch(x)))
        return resized(x, self.type_out.size)


class CubeCNNProjection(Projection):
    """The last convolution: scalar fields ``(batch, channel, face, row, column)``."""

    def __init__(self, convolution: CubeCNNConvolution, type_out: SignalType) -> None:
        super().__init__(convolution.type_in, type_out)
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x)


class CubeCNNIntegral(Integral):
    """The mean over the sphere, ``(batch, channel)``."""

    def __init__(self, type_in: CubeType) -> None:
        super().__init__()
        self.type_in = type_in
        self.features = type_in.channels
        self.mean = AreaMean(type_in.size)

    def forward(self, x: Tensor) -> Tensor:
        return self.mean(x)
