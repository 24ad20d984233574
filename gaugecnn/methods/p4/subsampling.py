"""Pools and strides that keep the pixels which the input chooses (Xu, Kim, Rainforth, Teh 2021).

A stride keeps every n-th pixel from the first one on. Turned pictures then keep other pixels,
unless the size is such that the kept ones turn into each other. Here the input chooses which coset
of the subgroup of shifts by n pixels is kept, and the choice turns along with the input.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gaugecnn.layers import Layer
from gaugecnn.methods.p4.cosets import Cosets, dense_window
from gaugecnn.methods.p4.group import PlaneGroup
from gaugecnn.methods.p4.layers import P4Shortcut, convolution_of, enlarged, on_planes
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.methods.p4.types import P4Type
from gaugecnn.ops.plane_type import PlaneType

TIE = 1e-4
"""By which part two strengths may differ and still be the same."""


class CosetChoice(nn.Module):
    """The coset that holds the place where the input is strongest, and the pixels of a coset.

    The strength of a place is the sum of ``|x|`` over channels and elements of the group, its mean
    over the window there. No symmetry of the square changes a strength, so that the choice moves
    with the input: ``chosen(L_h x) = h chosen(x)`` for rotations and reflections about the middle
    of a plane of any size, odd or even. Where a coset can be centred on either side of a place in
    the middle, it is on the side of the first moment of all strengths. Where places are equally
    strong, or the sides, to within a part of 10^-4, the mean of both is kept, so that this holds
    for pictures that are symmetric themselves. Values are differentiated, the choice is not.

    Under a shift of what is seen by t pixels, away from the borders, the place moves by t: the
    same values are kept, and the sampled plane is moved by whole pixels or not at all. Zeros at
    the borders break this, as they do for convolutions.

    Args:
        size: rows and columns of the input.
        cosets: the denser plane that is sampled, and how.
    """

    shares: Tensor  # (side, pixel, centre)
    places: Tensor  # (pixel,)

    def __init__(self, size: int, cosets: Cosets) -> None:
        super().__init__()
        self.cosets = cosets
        self.window = dense_window(size, cosets.dense)
        pixels = range(cosets.dense)
        shares = [[cosets.shares(pixel, side) for pixel in pixels] for side in (-1, 1)]
        self.register_buffer("shares", torch.tensor(shares), persistent=False)
        places = torch.arange(1.0 - cosets.dense, cosets.dense, 2.0)  # as `Cosets` counts them
        self.register_buffer("places", places, persistent=False)

    @torch.no_grad()
    def chosen(self, x: Tensor) -> Tensor:
        """How much of each coset is kept, ``(batch, row centre, column centre)``, of sum 1.

        Args:
            x: the input ``(batch, ..., row, column)`` that chooses.
        """
        wide = torch.promote_types(x.dtype, torch.float32)
        strength = x.to(wide).abs().flatten(1, -3).sum(dim=1, keepdim=True)
        strength = F.pad(strength, (self.window.padding,) * 4)
        strength = F.avg_pool2d(strength, self.window.kernel, stride=1).squeeze(1)
        highest = strength.amax(dim=(-2, -1), keepdim=True)
        strongest = (strength >= (1 - TIE) * highest).to(wide)  # (batch, row, column)
        strongest = strongest / strongest.sum(dim=(-2, -1), keepdim=True)
        rows, columns = self._centred(strength.sum(-1)), self._centred(strength.sum(-2))
        return rows.transpose(-2, -1) @ strongest @ columns

    def _centred(self, strength: Tensor) -> Tensor:
        """How much of each centre a pixel has, ``(batch, pixel, centre)``, along one axis.

        Args:
            strength: of each row, or of each column ``(batch, pixel)``.
        """
        places, (before, behind) = self.places.to(strength), self.shares.to(strength)
        moments = strength * places
        moment = moments.sum(-1)
        balanced = moment.abs() <= TIE * moments.abs().sum(-1)
        side = moment.sign().masked_fill(balanced, 0.0)[:, None, None]
        return (1 - side) / 2 * before + (1 + side) / 2 * behind

    def densely_pooled(self, x: Tensor) -> Tensor:
        """The maximum over the window at every place of the dense plane."""
        x = F.pad(x, (self.window.padding,) * 4)
        return on_planes(self._pooled, x)

    def _pooled(self, planes: Tensor) -> Tensor:
        # By single pixels, a CPU is several times as fast with the planes' axis last.
        planes = planes.contiguous(memory_format=torch.channels_last)
        return F.max_pool2d(planes, self.window.kernel, stride=1).contiguous()

    def sample(self, dense: Tensor, chosen: Tensor) -> Tensor:
        """The pixels of the coset that was chosen, 0 where it has none.

        Args:
            dense: the dense plane ``(batch, ..., row, column)``.
            chosen: how much of each coset is kept, as `chosen` gives it.

        Returns:
            ``(batch, ..., row, column)`` with ``cosets.size`` rows and columns.
        """
        cosets = self.cosets
        room = cosets.factor // 2  # the sampled plane can reach so far beyond the dense one
        padded = F.pad(dense, (room,) * 4)
        axes = (slice(None), slice(None), *[None] * (dense.dim() - 1))
        weights = chosen.to(dense.dtype).flatten(1)[axes]  # (batch, coset, 1, ..., 1)
        span = cosets.factor * (cosets.size - 1) + 1
        firsts = [cosets.first(centre) + room for centre in cosets.centres]
        kept = [
            padded[..., row : row + span : cosets.factor, column : column + span : cosets.factor]
            for row in firsts
            for column in firsts
        ]
        sampled = weights[:, 0] * kept[0]
        for i, part in enumerate(kept[1:], start=1):
            sampled = torch.addcmul(sampled, weights[:, i], part)
        return sampled


class CosetMaxPool(Layer):
    """The maximum over the window at every pixel, of which the input chooses every n-th.

    Args:
        type_in: the planes of a signal, or a feature on the group.
        pool: rows and columns of the window, and n.
    """

    def __init__(self, type_in: PlaneType | P4Type, pool: int) -> None:
        size = type_in.grid[-1]
        choice = CosetChoice(size, Cosets(size - pool + 1, pool))
        rows = choice.cosets.size
        type_out: PlaneType | P4Type
        if isinstance(type_in, P4Type):
            type_out = P4Type(type_in.channels, rows, type_in.group, choice.cosets)
        else:
            type_out = PlaneType(type_in.channels, rows, rows)
        super().__init__(type_in, type_out)
        self.choice = choice

    def forward(self, x: Tensor) -> Tensor:
        return self.choice.sample(self.choice.densely_pooled(x), self.choice.chosen(x))


class CosetConvolution(Layer):
    """Dropout, `CosetMaxPool` or enlargement, then a convolution at every pixel, sampled likewise.

    Args:
        type_in: the planes of a signal, or a feature on the group.
        stage: width and options.
        group: p4 or p4m.

    Raises:
        UserError: the planes are too small for the stage.
    """

    type_out: P4Type

    def __init__(self, type_in: PlaneType | P4Type, stage: P4Stage, group: PlaneGroup) -> None:
        size = stage.output_size(type_in.grid[-1])
        seen = stage.convolution_input(type_in.grid[-1])
        dense, factor = seen + 2 * stage.padding - stage.kernel + 1, stage.convolution.stride
        cosets = Cosets(dense, factor) if factor > 1 else None
        super().__init__(type_in, P4Type(stage.channels, size, group, cosets))
        self.conv = convolution_of(type_in, stage, group, stride=1)
        self.dropout = nn.Dropout(stage.dropout)
        self.pool = CosetMaxPool(type_in, stage.pool) if stage.pool > 1 else None
        self.choice = None if cosets is None else CosetChoice(seen, cosets)
        self.enlarge = stage.stride if stage.up else 1

    def forward(self, x: Tensor) -> Tensor:
        seen = x if self.pool is None else self.pool(x)
        y = self.conv(enlarged(self.dropout(seen), self.enlarge))
        return y if self.choice is None else self.choice.sample(y, self.choice.chosen(seen))


class CosetShortcut(P4Shortcut):
    """A max-pool at every pixel, sampled where the convolution beside it is, and a 1x1 convolution.

    Both choose from the same input, and so they choose the same.
    """

    def __init__(self, type_in: P4Type, type_out: P4Type, cosets: Cosets) -> None:
        super().__init__(type_in, type_out)
        self.choice = CosetChoice(type_in.size, cosets)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.choice.densely_pooled(x)
        return self.conv(self.choice.sample(pooled, self.choice.chosen(x)))
