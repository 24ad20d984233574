"""The two convolutions of p4: planes to p4 features, and p4 features to p4 features."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _P4Conv(nn.Module):
    """What both convolutions share: parameters, their initialisation, one call of `conv2d`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        padding: int,
        bias: bool,
        filter_shape: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *filter_shape))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform in ``+-1 / sqrt(fan in)``, as `torch.nn.Conv2d` starts."""
        bound = 1 / math.sqrt(self.weight[0].numel())
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def _convolve(self, planes: Tensor, filters: Tensor) -> Tensor:
        """``(batch, plane, row, column)`` with filters for every (channel, rotation) of the output.

        The output is ``(batch, channel, rotation, row, column)``.
        """
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        output = F.conv2d(planes, filters, bias, self.stride, self.padding)
        return output.unflatten(1, (self.out_channels, 4))  # -> (batch, channel, rotation, ...)

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}, bias={self.bias is not None}"
        )


class P4ConvZ2(_P4Conv):
    """Convolution of planes with a filter in its four orientations.

    ``y[o, r](x) = b[o] + sum_i sum_d (Q^r w[o, i])(d) f[i](x + d)``, where Q is the quarter
    turn of pictures `torch.rot90`. Turning the input by Q turns the planes of the output by Q and
    moves each to the next rotation.

    Args:
        in_channels: planes of the input.
        out_channels: channels of the output, each of four rotations.
        kernel_size: rows and columns of the filter.
        stride: pixels between windows.
        padding: zeros added on each side.
        bias: add one number to each output channel.

    Source: Cohen & Welling 2016, equation 10.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        shape = (kernel_size, kernel_size)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias, shape)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, in, row, column) -> (batch, out, rotation, row, column)``."""
        turned = [torch.rot90(self.weight, r, (-2, -1)) for r in range(4)]
        filters = torch.stack(turned, dim=1)  # (out, rotation, in, k, k)
        return self._convolve(x, filters.flatten(0, 1))  # (out * rotation, in, k, k)


class P4ConvP4(_P4Conv):
    """Convolution of p4 features: filters turn in the plane and along the rotations.

    ``y[o, r](x) = b[o] + sum_i sum_s sum_d (Q^r w[o, i, s - r])(d) f[i, s](x + d)``, with Q as in
    `P4ConvZ2` and ``s - r`` modulo 4.

    Args:
        in_channels: channels of the input, each of four rotations.
        out_channels: channels of the output, each of four rotations.
        kernel_size: rows and columns of the filter.
        stride: pixels between windows.
        padding: zeros added on each side.
        bias: add one number to each output channel.

    Source: Cohen & Welling 2016, equation 11.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        shape = (4, kernel_size, kernel_size)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias, shape)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, in, rotation, row, column) -> (batch, out, rotation, row, column)``."""
        turned = [torch.rot90(self.weight.roll(r, dims=2), r, (-2, -1)) for r in range(4)]
        filters = torch.stack(turned, dim=1)  # (out, rotation r, in, rotation s, k, k)
        filters = filters.flatten(2, 3).flatten(0, 1)  # (out * r, in * s, k, k)
        return self._convolve(x.flatten(1, 2), filters)  # x: (batch, in * s, row, column)
