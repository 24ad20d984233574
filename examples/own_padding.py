"""A method in a page: the planar CNN, padded with what really lies beyond the border of the map.

Run from the folder above::

    pip install ./examples                              # registers model.method=around
    gaugecnn train model=examples/own_padding.yaml
"""

import math

import torch
from torch import Tensor, nn

from gaugecnn.errors import UserError
from gaugecnn.methods.cnn import CNNFamily
from gaugecnn.registry import Method
from gaugecnn.surfaces.symmetry import Rotation, step_about_z


class Around(nn.Conv2d):
    """A convolution that goes on around the sphere at the sides, and across the poles."""

    def forward(self, x: Tensor) -> Tensor:
        (rows, columns), w = x.shape[-2:], self.padding[0]
        across = x.roll(columns // 2, -1).flip(-2)  # a row goes on half a turn away
        x = torch.cat([across[..., rows - w :, :], x, across[..., :w, :]], dim=-2)
        x = torch.cat([x[..., columns - w :], x, x[..., :w]], dim=-1)
        return nn.functional.conv2d(x, self.weight, self.bias, self.stride)


class AroundFamily(CNNFamily):
    """The layers of the method `cnn`, each convolution an `Around`."""

    def lift(self, stage):
        return around(super().lift(stage), stage)

    def convolve(self, type_in, stage):
        return around(super().convolve(type_in, stage), stage)

    def project(self, type_in, channels, stage):
        last = super().project(type_in, channels, stage)
        around(last.convolution, stage)
        return last

    def exact_symmetries(self, stages):
        """Turns about z by whole columns of the coarsest map."""
        columns = [self.domain.shape[1]]
        for stage in stages:
            columns.append(stage.output_size(columns[-1]))
        steps = math.gcd(*columns)
        turn = step_about_z(steps)
        return [Rotation(f"turn about z by 1/{steps}", turn, self.domain)] if steps > 1 else []


def around(layer, stage):
    """A layer of `cnn` with its convolution replaced."""
    if stage.up or stage.kernel != 2 * stage.padding + 1:
        raise UserError(f"around keeps maps whole: expected kernel = 2 padding + 1, got {stage}")
    channels = layer.conv.in_channels, layer.conv.out_channels
    layer.conv = Around(*channels, stage.kernel, stage.stride, stage.padding)
    return layer


AROUND = Method("around", AroundFamily, ("lat_lon",), "turns about z by whole columns")
