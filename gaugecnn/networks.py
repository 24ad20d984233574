"""Networks: a trunk of blocks from any `LayerFamily`, ended by what the task asks for.

    signal -> lift -> block -> ... -> block -> integrate -> head       (InvariantNetwork)
    signal -> lift -> block -> ... -> block -> project -> head         (FieldNetwork)

A block is ``activate(normalise(convolve(x)) + shortcut(x))``, x being resampled once where the
stage says so; the shortcut is there for residual networks only, and in a field network with skips
the mirrored block of the first half adds its own. Nothing else builds networks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from gaugecnn.errors import UserError
from gaugecnn.heads import Head, PointHead, Units, VectorHead, perceptron
from gaugecnn.layers import (
    FeatureType,
    Identity,
    Layer,
    LayerFamily,
    Projection,
    SignalType,
    Stage,
    expect,
)
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


class Augmentation(nn.Module, ABC):
    """Answers of a network to signals that are changed before they are read."""

    @abstractmethod
    def forward(self, signal: Tensor, network: Callable[[Tensor], Tensor]) -> Tensor:
        """What a network answers to signals ``(batch, channel, *domain.shape)``."""

    @property
    @abstractmethod
    def penalty(self) -> Tensor:
        """What is added to the loss in training, a number."""


class Network(nn.Module, ABC):
    """What the two networks share: a family, its domain, and a trunk of blocks that fit each other.

    Attributes:
        augmentation: what changes signals before they are read; None for nothing. It may be set
            once the network is built.

    Args:
        family: the layers of one equivariance type on one domain.
        stages: the plan; the first stage lifts the signal, a projection comes last.
        readers: for each stage those that read its feature; none where it is integrated.
        mirrors: for each block the earlier block whose feature is added to its own, or None.
        residual: give every block but the first a shortcut.
    """

    blocks: Sequence[Block]

    def __init__(
        self,
        family: LayerFamily[Stage],
        stages: Sequence[Stage],
        readers: Sequence[Sequence[int]],
        mirrors: Sequence[int | None],
        residual: bool,
    ) -> None:
        super().__init__()
        if not mirrors:
            raise UserError("expected at least one stage in the network's plan, got none")
        self.family = family
        self.domain = family.domain
        self.stages = tuple(family.complete(stages, readers))
        self.mirrors = tuple(mirrors)
        blocks = [Block(family, family.lift(self.stages[0]))]
        for stage, mirror in zip(self.stages[1 : len(mirrors)], mirrors[1:], strict=True):
            moved = family.resample(blocks[-1].type_out, stage)
            layer = family.convolve(moved.type_out, stage)
            earlier = None if mirror is None else blocks[mirror].type_out
            if earlier is not None and earlier.grid != layer.type_out.grid:
                raise UserError(
                    f"a skip joins stages {mirror} and {len(blocks)}, which must share a grid: "
                    f"got {earlier} and {layer.type_out}"
                )
            blocks.append(Block(family, layer, moved, residual, earlier))
        self.blocks = nn.ModuleList(blocks)  # type: ignore[assignment]
        self.augmentation: Augmentation | None = None

    @property
    def exact_symmetries(self) -> list[Symmetry]:
        """The symmetries that hold exactly for this network."""
        return [] if self.augmentation else self.family.exact_symmetries(self.stages)

    @property
    def penalty(self) -> Tensor | None:
        """What is added to the loss in training; None for nothing."""
        return None if self.augmentation is None else self.augmentation.penalty

    def forward(self, signal: Tensor) -> Tensor:
        """Signal ``(batch, channel, *domain.shape)`` to what the task asks for.

        Raises:
            ValueError: the signal has another shape.
            UserError: a feature would not fit on the device.
        """
        self.check_shape(signal)
        if not torch.compiler.is_compiling():
            keeps = torch.is_grad_enabled() or any(m is not None for m in self.mirrors)
            self.family.check_memory(self.types, len(signal), keeps, signal.device)
        read = self._read
        return read(signal) if self.augmentation is None else self.augmentation(signal, read)

    def _read(self, signal: Tensor) -> Tensor:
        """What the network says of a signal as it is."""
        return self.answer(self.trunk(signal), signal)

    @property
    def types(self) -> list[FeatureType]:
        """The feature before the first layer and behind each one."""
        return [self.family.input_type, *(block.type_out for block in self.blocks)]

    def trunk(self, signal: Tensor) -> Tensor:
        """The feature behind the last block."""
        features: dict[int, Tensor] = {}  # those that a skip still waits for
        x = signal
        for i, (block, mirror) in enumerate(zip(self.blocks, self.mirrors, strict=True)):
            x = block(x) if mirror is None else block(x, features.pop(mirror))
            if i in self.mirrors[i + 1 :]:
                features[i] = x
        return x

    @abstractmethod
    def answer(self, feature: Tensor, signal: Tensor) -> Tensor:
        """What the last feature says of the signal."""

    def check_shape(self, signal: Tensor) -> None:
        """Refuse a signal that is not ``(batch, channel, *domain.shape)``."""
        expected = self.family.input_type.shape
        if tuple(signal.shape[1:]) != expected:
            raise ValueError(
                f"expected a signal of shape (batch, {', '.join(map(str, expected))}) "
                f"on {self.domain.title}, got {tuple(signal.shape)}"
            )


class InvariantNetwork(Network):
    """Network whose outputs no symmetry changes, ``(batch, output)``.

    Args:
        family: the layers of one equivariance type on one domain.
        stages: the plan; the first stage lifts the signal.
        head: the perceptron behind the invariants.
        outputs: how many numbers are asked for.
        residual: give every block but the first a shortcut.
        units: in which the outputs are given; None leaves them as they are.
    """

    def __init__(
        self,
        family: LayerFamily[Stage],
        stages: Sequence[Stage],
        head: Head,
        outputs: int,
        *,
        residual: bool = False,
        units: Units | None = None,
    ) -> None:
        readers = [[i + 1] for i in range(len(stages) - 1)] + [[]]
        super().__init__(family, stages, readers[: len(stages)], [None] * len(stages), residual)
        self.integral = family.integrate(self.blocks[-1].type_out)
        self.head = perceptron(head, self.integral.features, outputs)
        self.units = units

    def answer(self, feature: Tensor, signal: Tensor) -> Tensor:
        outputs: Tensor = self.head(self.integral(feature))  # (batch, output)
        return outputs if self.units is None else self.units(outputs)


class FieldNetwork(Network):
    """Network whose output moves with its input, ``(batch, output, *domain.shape)``.

    Vector fields, tangent to the surface, are ``(batch, output, xyz, *domain.shape)``.

    Args:
        family: the layers of one equivariance type on one domain.
        stages: the plan; the first stage lifts the signal.
        project: the last stage; its channels are the outputs.
        head: the perceptron at each point that reads what is projected, and the signal; without
            hidden layers the projection gives the outputs itself.
        residual: give every block but the first a shortcut.
        skip: add to each block of the second half the feature of its mirror in the first half.
        vectors: whether the outputs are tangent vectors rather than numbers.
        units: in which the outputs are given; None leaves them as they are.

    Raises:
        UserError: with skips, mirrored blocks live on different grids; or vectors are asked of a
            method that has no directions.
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
        vectors: bool = False,
        units: Units | None = None,
    ) -> None:
        count = len(stages)
        mirrors = [count - 1 - i if skip and count - 1 - i < i else None for i in range(count)]
        readers = [[i + 1, *(j for j, m in enumerate(mirrors) if m == i)] for i in range(count)]
        super().__init__(family, (*stages, project), [*readers, []], mirrors, residual)
        project, feature = self.stages[-1], self.blocks[-1].type_out
        outputs, head = project.channels, head or Head()
        width = head.hidden[0] if head.hidden else 0
        self.head: PointHead | VectorHead | None = None
        if width:
            ending = VectorHead if vectors else PointHead
            self.head = ending(head, family.input_type.shape[0], outputs)
        self.project: Projection
        if vectors:
            self.project = family.project_vectors(feature, width, outputs, project)
        else:
            self.project = family.project(feature, width or outputs, project)
        self.vectors = vectors
        self.units = units

    @property
    def types(self) -> list[FeatureType]:
        return [*super().types, expect(self.project.type_out, SignalType)]

    def answer(self, feature: Tensor, signal: Tensor) -> Tensor:
        fields = self.project(feature)  # (batch, channel, *domain.shape)
        if self.head is not None:
            fields = self.head(fields, signal)  # (batch, output [xyz], *domain.shape)
        if self.vectors:
            fields = fields.unflatten(1, (-1, 3))
        return fields if self.units is None else self.units(fields)
