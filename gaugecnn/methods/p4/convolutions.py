"""The convolutions of p4 and p4m: planes to features on the group, and features to features."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn.methods.p4.group import P4, P4M, PlaneGroup
from gaugecnn.ops.kept import Keeping


class GroupConvolution(Keeping):
    """A convolution over the rotations of a square, or its reflections too, and the shifts.

    One filter per pair of channels is learned. Its copies, one for each element of the group, are
    gathered from its taps and applied by one call of `conv2d`; while nothing is learned they are
    gathered once.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output, each of one plane per element of the group.
        kernel_size: rows and columns of the filter.
        stride: pixels between windows.
        padding: zeros added on each side.
        bias: add one number to each output channel.
    """

    group: ClassVar[PlaneGroup]
    taps: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.order = self.group.order
        shape = (*self._filter_axes(), kernel_size, kernel_size)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *shape))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.register_buffer("taps", self._taps().flatten(), persistent=False)
        self.reset_parameters()

    def _filter_axes(self) -> tuple[int, ...]:
        """The axes of a filter before its rows and columns."""
        return ()

    def _taps(self) -> Tensor:
        """Which tap of the filter each tap of its copies is, ``(element, ..., row, column)``."""
        return self.group.lifting_taps(self.kernel_size)

    def reset_parameters(self) -> None:
        """Uniform in ``+-1 / sqrt(fan in)``, as `torch.nn.Conv2d` starts."""
        bound = 1 / math.sqrt(self.weight[0].numel())
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def expanded(self) -> Tensor:
        """The filters of `conv2d`, ``(out * element, in [* element], row, column)``."""
        filters = self.weight.flatten(2)  # (out, in, tap)
        copies = filters.gather(2, self.taps.expand(*filters.shape[:2], -1))
        copies = copies.unflatten(2, (self.order, -1)).transpose(1, 2)  # (out, element, in, tap)
        kernel = self.kernel_size
        return copies.reshape(self.out_channels * self.order, -1, kernel, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, in, [element,] row, column) -> (batch, out, element, row, column)``."""
        bias = None if self.bias is None else self.bias.repeat_interleave(self.order)
        filters = self._once(self.weight, self.expanded)
        output = F.conv2d(x.flatten(1, -3), filters, bias, self.stride, self.padding)
        return output.unflatten(1, (self.out_channels, self.order))

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}, bias={self.bias is not None}"
        )


class P4ConvZ2(GroupConvolution):
    """Convolution of planes with a filter in its four orientations.

    ``y[o, r](x) = b[o] + sum_i sum_d (Q^r w[o, i])(d) f[i](x + d)``, where Q is the quarter
    turn of pictures `torch.rot90`. Turning the input by Q turns the planes of the output by Q and
    moves each to the next rotation. Weights are ``(out, in, row, column)``.

    Source: Cohen & Welling 2016, equation 10.
    """

    group = P4


class P4ConvP4(GroupConvolution):
    """Convolution of p4 features: filters turn in the plane and along the rotations.

    ``y[o, r](x) = b[o] + sum_i sum_s sum_d (Q^r w[o, i, s - r])(d) f[i, s](x + d)``, with Q as in
    `P4ConvZ2` and ``s - r`` modulo 4. Weights are ``(out, in, rotation, row, column)``.

    Source: Cohen & Welling 2016, equation 11.
    """

    group = P4

    def _filter_axes(self) -> tuple[int, ...]:
        return (self.group.order,)

    def _taps(self) -> Tensor:
        return self.group.group_taps(self.kernel_size)


class P4MConvZ2(P4ConvZ2):
    """Convolution of planes with a filter in its four orientations and their mirror images.

    ``y[o, g](x) = b[o] + sum_i sum_d (L_g w[o, i])(d) f[i](x + d)`` for the eight elements
    ``g = Q^r F^m``, first those without the reflection F of the columns (`SquareElement`). Under
    h the planes of the output move by h, and the one at g to ``h g``.

    Source: Cohen & Welling 2016, equation 10, with the group of section 4.3.
    """

    group = P4M


class P4MConvP4M(P4ConvP4):
    """Convolution of p4m features: filters turn and are reflected, and so is their order.

    ``y[o, g](x) = b[o] + sum_i sum_s sum_d (L_g w[o, i, g^-1 s])(d) f[i, s](x + d)``, with g, s
    among the eight elements as in `P4MConvZ2`. Weights are ``(out, in, element, row, column)``.

    Source: Cohen & Welling 2016, equation 11, with the group of section 4.3.
    """

    group = P4M
