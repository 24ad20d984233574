"""How every symmetry test measures: against what two inputs differ by, on randomised biases."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, NamedTuple

import torch
from omegaconf import DictConfig
from torch import Tensor, nn

from gaugecnn import build_model
from gaugecnn.config import override
from gaugecnn.data.description import Description
from gaugecnn.layers import FeatureType, SignalType
from gaugecnn.networks import FieldNetwork, Network
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import (
    FrameChange,
    Rotation,
    Symmetry,
)

LEAST_CHANGE = 1e-2
"""By which a feature moves at least, in units of what two inputs differ by."""
BOUNDS = {torch.float32: 1e-3, torch.float64: 1e-9}
"""On the errors of features in between, by precision."""


def randomise(model: Network) -> Network:
    """Biases, affine weights and running statistics away from their neutral values."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            settled = name.startswith("units.")  # vectors have no mean
            if name not in model.state_dict() or not value.is_floating_point() or settled:
                continue
            if value.dim() == 1 or "bias" in name:
                noise = torch.rand(value.shape, generator=generator, dtype=torch.float64)
                spread = "running_var" in name or "running_power" in name or name.endswith("weight")
                value.copy_(0.5 + noise if spread else noise - 0.5)
    return model.eval()


def measured(model: Network) -> Network:
    """Running statistics of eight inputs: with others, squares of squares overflow."""
    return with_statistics_of(model, patches(model, torch.float32, 8))


@torch.no_grad()
def with_statistics_of(model: Network, signals: Tensor) -> Network:
    """The network with the running statistics of some inputs, the same each time."""
    for module in model.modules():
        if getattr(module, "momentum", None) is not None:
            module.momentum = 1.0  # type: ignore[assignment]
    with torch.random.fork_rng(devices=[]):  # of what drops out
        torch.manual_seed(0)
        model.train()(signals)
    return model.eval()


def patches(model: Network, dtype: torch.dtype, count: int = 2) -> Tensor:
    """Signals as unlike each other as pictures are: a few random harmonics, cut off below 0.

    Args:
        model: whose input they are.
        dtype: of the signals.
        count: how many.

    Returns:
        ``(count, channel, *domain.shape)``, 0 outside the surface.
    """
    points = model.domain.points.double().nan_to_num()
    generator = torch.Generator().manual_seed(2)
    shape = (count, model.family.input_type.shape[0], 3, 6)
    directions = torch.randn(shape, generator=generator, dtype=torch.float64)
    phases = torch.einsum("px,bcxk->bcpk", points, 2 * directions)
    signal = torch.relu(torch.sin(phases + directions[:, :, :1]).sum(-1))
    signal = signal * (model.domain.areas > 0).double()
    return signal.unflatten(2, model.domain.shape).to(dtype)


def rounding(found: Tensor, expected: Tensor) -> float:
    """``max |found - expected|`` over ``max |expected|``.

    Rounding is relative to what is summed, not to each number that comes of it.
    """
    return float((found - expected).detach().abs().max() / expected.detach().abs().max())


def on_logits(model: Network, symmetry: Symmetry, logits: Tensor) -> Tensor:
    """What a symmetry does to the outputs: nothing to a class, a turn to a mask and to vectors."""
    if not isinstance(model, FieldNetwork):
        return logits
    if not model.vectors:
        return symmetry.on_signal(logits)
    type_ = SignalType(0, model.domain, logits.shape[1])
    return type_.transform(symmetry, logits.flatten(1, 2)).unflatten(1, (-1, 3))


def violation(model: Network, turned: Network, symmetry: Symmetry, dtype: torch.dtype) -> float:
    """``max |f(g x) - g f(x)|`` over the largest difference between the outputs of two inputs.

    Args:
        model: the network.
        turned: the network that sees the transformed signal: the same one, but for frames.
        symmetry: g.
        dtype: of the computation.
    """
    signal = patches(model, dtype)
    with torch.no_grad():
        before = model(signal)
        after = turned(model.family.input_type.transform(symmetry, signal))
    return relative(after - on_logits(model, symmetry, before), before)


class Moved(NamedTuple):
    """What a symmetry g does to the feature f behind a block, over what two inputs differ by there.

    Attributes:
        error: ``max |f(g x) - g f(x)|``: how far the feature is from changing as its type says.
        change: ``max |f(g x) - f(x)|``: how much it changes at all.
    """

    error: float
    change: float


def feature_violations(
    model: Network, turned: Network, symmetry: Symmetry, dtype: torch.dtype
) -> list[Moved]:
    """What a symmetry does behind each block, on the features that really reach it, skips included.

    Args:
        model: the network.
        turned: the network that sees the transformed signal: the same one, but for frames.
        symmetry: g.
        dtype: of the computation.
    """
    signal = patches(model, dtype)
    all_before = _features(model, signal)
    all_after = _features(turned, model.family.input_type.transform(symmetry, signal))
    found = []
    types = [
        (block.type_out, there.type_out)
        for block, there in zip(model.blocks, turned.blocks, strict=True)
    ]
    for (ours, theirs), before, after in zip(types, all_before, all_after, strict=True):
        expected = ours.transform(_on_level(symmetry, ours, theirs), before)
        found.append(Moved(relative(after - expected, before), relative(after - before, before)))
    return found


def feature_moves(model: Network, turned: Network, symmetry: Symmetry, dtype: torch.dtype) -> bool:
    """Whether the feature behind every block changes as its type says, and one really changes."""
    found = feature_violations(model, turned, symmetry, dtype)
    agree = all(block.error < BOUNDS[dtype] for block in found)
    return agree and any(block.change > LEAST_CHANGE for block in found)


def turns_of(domain: Domain) -> list[Symmetry]:
    """The rotations that move the points of a domain, and onto themselves: what could be respected.

    Those that the domain lists: a whole group, or what generates one.
    """
    rotations = [s for s in domain.symmetries() if isinstance(s, Rotation)]
    return [symmetry for symmetry in rotations if moves(symmetry, domain)]


def moves(symmetry: Symmetry, domain: Domain) -> bool:
    """Whether a symmetry carries any point of the domain elsewhere; a change of frames does not."""
    count = len(domain.areas)
    signal = torch.arange(count, dtype=torch.float64).view(1, 1, *domain.shape)
    return not torch.equal(symmetry.on_signal(signal), signal)


def reframed(
    model: Network,
    config: DictConfig,
    frame_seed: int = 7,
    description: Description | None = None,
) -> tuple[Network, FrameChange]:
    """The same network in random frames, and the change of frames between the two.

    Args:
        model: a network on a mesh.
        config: what it was built from.
        frame_seed: of the random frames.
        description: of its data, if it was built for other data than the configuration's.
    """
    config = override(config, ["domain.frames=random", f"domain.frame_seed={frame_seed}"])
    other = build_model(config, None, description).to(next(model.parameters()).dtype)
    other.load_state_dict(model.state_dict())
    return other.eval(), _frame_change(model.domain, other.domain)


def _on_level(symmetry: Symmetry, ours: FeatureType, theirs: FeatureType) -> Symmetry:
    """A symmetry where a feature lives: each level of a mesh has frames of its own."""
    if isinstance(symmetry, FrameChange) and hasattr(ours, "surface"):
        return _frame_change(ours, theirs)
    return symmetry


def _frame_change(ours: Any, theirs: Any) -> FrameChange:
    """The angle from our frame to theirs at each vertex of two domains or types on one mesh."""
    before, after = (torch.from_numpy(lives.surface.frames) for lives in (ours, theirs))
    x, y = ((after[:, 0] * before[:, i]).sum(-1) for i in (0, 1))
    return FrameChange(torch.atan2(y, x))


def relative(difference: Tensor, outputs: Tensor) -> float:
    """The largest difference over that between two of the outputs; infinite where these agree."""
    scale = (outputs[0] - outputs[1]).abs().max()
    return float(difference.abs().max() / scale) if scale > 0 else float("inf")


@torch.no_grad()
def _features(model: Network, signal: Tensor) -> list[Tensor]:
    """The feature behind each block in one pass of the whole network."""
    found: list[Tensor] = []

    def keep(module: nn.Module, given: tuple[Tensor, ...], feature: Tensor) -> None:
        found.append(feature)

    with ExitStack() as hooks:
        for block in model.blocks:
            handle = block.register_forward_hook(keep)
            hooks.callback(handle.remove)
        model(signal)
    return found
