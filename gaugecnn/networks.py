"""Classifier and Segmenter: built from any `LayerFamily`, and nothing else builds networks.

    signal -> lift -> block -> ... -> block -> integrate -> head       (Classifier)
    signal -> lift -> block -> ... -> block -> project -> head         (Segmenter)

A block is ``activate(normalise(convolve(x)) + shortcut(x))``, x being resampled once where the
stage says so; the shortcut is there for residual networks only, and in a segmenter with skips the
mirrored block of the first half adds its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from gaugecnn.errors import UserError
from gaugecnn.heads import Head, PointHead, perceptron
from gaugecnn.layers import FeatureType, Identity, Layer, LayerFamily, Stage
from gaugecnn.surfaces.symmetry import Symmetry


class Block(Layer):
    """``activate(normalise(layer(x)) + sum of shortcuts)`` of the resampled input x.

    Args:
        family: where the normalisation, the nonlinearity and the shortcuts come from.
        layer: the lift or the convolution.
        resample: what the input goes through before the layer and its shortcut; None for nothing.
        residual: add the linear shortcut from the block's own input.
        skip: type of an earlier feature whose linear shortcut is added too.
    """

    def __init__(
        self,
        family: LayerFamily[Stage],
        layer: Layer,
        resample: Layer | None = None,
        residual: bool = False,
        skip: FeatureType | None = None,
    ) -> None:
        type_in = layer.type_in if resample is None else resample.type_in
        super().__init__(type_in, layer.type_out)
        self.resample = Identity(type_in) if resample is None else resample
        self.layer = layer
        self.norm = family.normalise(layer.type_out)
        self.activation = family.activate(layer.type_out)
        self.residual = family.shortcut(layer.type_in, layer.type_out) if residual else None
        self.skip = family.shortcut(skip, layer.type_out) if skip is not None else None

    def forward(self, x: Tensor, earlier: Tensor | None = None) -> Tensor:
        x = self.resample(x)
        y = self.norm(self.layer(x))
        if self.residual is not None:
            y = y + self.residual(x)
        if self.skip is not None:
            y = y + self.skip(earlier)
        return self.activation(y)


class Network(nn.Module, ABC):
    """What the two networks share: a family, its domain, and blocks that fit each other."""

    blocks: nn.ModuleList

    def __init__(
        self,
        family: LayerFamily[Stage],
        stages: Sequence[Stage],
        readers: Sequence[Sequence[int]],
    ) -> None:
        super().__init__()
        if not stages:
            raise UserError("expected at least one stage in the network's plan, got none")
        self.family = family
        self.domain = family.domain
        self.stages = tuple(family.complete(stages, readers))

    @property
    def exact_symmetries(self) -> list[Symmetry]:
        """The symmetries that hold exactly for this network."""
        return self.family.exact_symmetries(self.stages)

    def forward(self, signal: Tensor) -> Tensor:
        """Signal ``(batch, in_channels, *domain.shape)`` to logits.

        Raises:
            ValueError: the signal has another shape.
            UserError: a feature would not fit on the device.
        """
        self.check_shape(signal)
        if not torch.compiler.is_compiling():
            blocks = [block for block in self.blocks if isinstance(block, Block)]
            keeps = torch.is_grad_enabled() or any(block.skip is not None for block in blocks)
            self.family.check_memory(self.types, len(signal), keeps, signal.device)
        return self.logits(signal)

    @property
    def types(self) -> list[FeatureType]:
        """The feature before the first layer and behind each one."""
        blocks = [block for block in self.blocks if isinstance(block, Block)]
        return [self.family.input_type, *(block.type_out for block in blocks)]

    @abstractmethod
    def logits(self, signal: Tensor) -> Tensor:
        """The layers, one after the other."""

    def check_shape(self, signal: Tensor) -> None:
        """Refuse a signal that is not ``(batch, in_channels, *domain.shape)``."""
        expected = (self.family.in_channels, *self.domain.shape)
        if tuple(signal.shape[1:]) != expected:
            raise ValueError(
                f"expected a signal of shape (batch, {', '.join(map(str, expected))}) "
                f"on {self.domain.title}, got {tuple(signal.shape)}"
            )


class Classifier(Network):
    """Invariant network ``signal (batch, channel, *domain.shape) -> logits (batch, classes)``.

    Args:
        family: the layers of one equivariance type on one domain.
        stages: the plan; the first stage lifts the signal.
        head: the perceptron behind the invariants.
        classes: how many classes there are.
        residual: give every block but the first a shortcut.
    """

    def __init__(
        self,
        family: LayerFamily[Stage],
        stages: Sequence[Stage],
        head: Head,
        classes: int,
        *,
        residual: bool = False,
    ) -> None:
        chain = [[i + 1] for i in range(len(stages) - 1)]
        super().__init__(family, stages, [*chain, []] if stages else [])
        first, *others = self.stages
        blocks = [Block(family, family.lift(first))]
        for stage in others:
            moved = family.resample(blocks[-1].type_out, stage)
            layer = family.convolve(moved.type_out, stage)
            blocks.append(Block(family, layer, moved, residual))
        self.blocks = nn.ModuleList(blocks)
        self.integral = family.integrate(blocks[-1].type_out)
        self.head = perceptron(head, self.integral.features, classes)

    def logits(self, signal: Tensor) -> Tensor:
        x = signal
        for block in self.blocks:
            x = block(x)
        return self.head(self.integral(x))  # (batch, classes)


class Segmenter(Network):
    """Equivariant network ``signal -> logits (batch, classes + 1, *domain.shape)``.

    Args:
        family: the layers of one equivariance type on one domain.
        stages: the plan; the first stage lifts the signal.
        project: the last stage; its channels are the classes and the background.
        head: the perceptron at each point that reads what is projected, and the signal; without
            hidden layers the projection gives the logits itself.
        residual: give every block but the first a shortcut.
        skip: add to each block of the second half the feature of its mirror in the first half.

    Raises:
        UserError: with skips, mirrored blocks live on different grids.
    """

    def __init__(
        self,
        family: LayerFamily[Stage],
        stages: Sequence[Stage],
        project: Stage,
        head: Head | None = None,
        *,
        residual: bool = False,
        skip: bool = False,
    ) -> None:
        count = len(stages)
        mirrors = [[count - 1 - i] if skip and i < count - 1 - i else [] for i in range(count)]
        readers = [[i + 1, *mirror] for i, mirror in enumerate(mirrors)]
        super().__init__(family, (*stages, project), [*readers, []])
        first, *others, project = self.stages
        blocks = [Block(family, family.lift(first))]
        for i, stage in enumerate(others, start=1):
            moved = family.resample(blocks[-1].type_out, stage)
            layer = family.convolve(moved.type_out, stage)
            mirror = count - 1 - i
            earlier = blocks[mirror].type_out if skip and mirror < i else None
            if earlier is not None and earlier.grid != layer.type_out.grid:
                raise UserError(
                    f"a skip joins stages {mirror} and {i}, which must share a grid: "
                    f"got {earlier} and {layer.type_out}"
                )
            blocks.append(Block(family, layer, moved, residual, earlier))
        self.blocks = nn.ModuleList(blocks)
        classes, self.head = project.channels, None
        if head is not None and head.hidden:
            project = replace(project, channels=head.hidden[0])
            self.head = PointHead(head, family.in_channels, classes)
        self.project = family.project(blocks[-1].type_out, project.channels, project)

    @property
    def types(self) -> list[FeatureType]:
        projected = self.project.type_out
        return super().types if projected is None else [*super().types, projected]

    def logits(self, signal: Tensor) -> Tensor:
        features: dict[int, Tensor] = {}  # those that a skip still waits for
        x = signal
        for i, block in enumerate(self.blocks):
            mirror = len(self.blocks) - 1 - i
            x = block(x) if block.skip is None else block(x, features.pop(mirror))
            if mirror > i and self.blocks[mirror].skip is not None:
                features[i] = x
        fields = self.project(x)  # (batch, classes + 1 or width of the head, *domain.shape)
        return fields if self.head is None else self.head(fields, signal)
