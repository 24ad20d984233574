"""How every symmetry test measures: against what two inputs differ by, on randomised biases."""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn import build_model
from gaugecnn.data.description import Description
from gaugecnn.networks import InvariantNetwork, Network
from gaugecnn.surfaces.symmetry import FrameChange, Symmetry


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


@torch.no_grad()
def measured(model: Network) -> Network:
    """Running statistics of eight inputs: with others, squares of squares overflow."""
    for module in model.modules():
        if getattr(module, "momentum", None) is not None:
            module.momentum = 1.0
    model.train()(patches(model, torch.float32, 8))
    return model.eval()


def patches(model: Network, dtype: torch.dtype, count: int = 2) -> Tensor:
    """Signals as unlike each other as pictures are: a few random harmonics, cut off below 0."""
    points = model.domain.points.double().nan_to_num()
    generator = torch.Generator().manual_seed(2)
    shape = (count, model.family.in_channels, 3, 6)
    directions = torch.randn(shape, generator=generator, dtype=torch.float64)
    phases = torch.einsum("px,bcxk->bcpk", points, 2 * directions)
    signal = torch.relu(torch.sin(phases + directions[:, :, :1]).sum(-1))
    signal = signal * (model.domain.areas > 0).double()
    return signal.unflatten(2, model.domain.shape).to(dtype)


def on_logits(model: Network, symmetry: Symmetry, logits: Tensor) -> Tensor:
    """What a symmetry does to the logits: nothing to a class, a turn to a mask."""
    return logits if isinstance(model, InvariantNetwork) else symmetry.on_signal(logits)


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
        after = turned(symmetry.on_signal(signal))
    scale = (before[0] - before[1]).abs().max()
    return float((after - on_logits(model, symmetry, before)).abs().max() / scale)


def feature_moves(model: Network, turned: Network, symmetry: Symmetry, dtype: torch.dtype) -> bool:
    """Whether an intermediate feature really changes, and changes as its type says."""
    signal = patches(model, dtype)
    with torch.no_grad():
        before = model.blocks[0](signal)
        after = turned.blocks[0](symmetry.on_signal(signal))
    expected = model.blocks[0].type_out.transform(symmetry, before)
    scale = before.std()
    agrees = (after - expected).abs().max() < 1e-3 * scale
    return bool(agrees and (after - before).abs().max() > 1e-2 * scale)


def reframed(
    model: Network, config, frame_seed: int = 7, description: Description | None = None
) -> tuple[Network, FrameChange]:
    """The same network in random frames, and the change of frames between the two."""
    config = config.copy()
    config.domain.frames, config.domain.frame_seed = "random", frame_seed
    other = build_model(config, None, description).to(next(model.parameters()).dtype)
    other.load_state_dict(model.state_dict())
    ours, theirs = (torch.from_numpy(m.domain.surface.frames) for m in (model, other))
    x, y = ((theirs[:, 0] * ours[:, i]).sum(-1) for i in (0, 1))
    return other.eval(), FrameChange(torch.atan2(y, x))
