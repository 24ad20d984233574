"""How far a trained network depends on the frames in which its features are written: not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from sizes import mesh_words
from torch import Tensor

from gaugecnn import load_run
from gaugecnn.build import build_datamodule
from gaugecnn.networks import Network
from gaugecnn.training.directory import run_config

IMAGES = 4


def frame_errors(run: Path, surfaces: Sequence[str]) -> dict[tuple[str, str, str], float]:
    """Relative changes when every frame is turned by a random angle, by surface, precision, what.

    Of the logits: the largest change over the largest difference between two images' logits. Of
    the gradients by the parameters: the norm of the change over the norm of the
    difference between two images' gradients.
    """
    found = {}
    for name in ("icosphere4", *surfaces):
        words = [] if name == "icosphere4" else mesh_words(name)
        aligned = load_run(run, words)
        turned = load_run(run, [*words, "domain.frames=random", "domain.frame_seed=7"])
        config = run_config(run, [*words, f"train.batch_size={IMAGES}"])
        data = build_datamodule(config, aligned.domain)
        raw = next(iter(data.test_dataloader()[1]))  # rotated images
        batch = data.renderer(raw)
        for dtype in (torch.float64, torch.float32):  # once rounded, geometry stays so
            pairs = [aligned.to(dtype), turned.to(dtype)]
            signal = batch.signal.to(dtype)
            with torch.no_grad():
                logits = [network(signal) for network in pairs]
            change = (logits[0] - logits[1]).abs().max()
            precision = str(dtype).removeprefix("torch.")
            scale = (logits[0][0] - logits[0][1]).abs().max()
            found[name, precision, "logits"] = float(change / scale)
            ours, theirs = (gradient(network, signal) for network in pairs)
            one, two = (gradient(aligned, signal[i : i + 1]) for i in (0, 1))
            found[name, precision, "gradients"] = float((ours - theirs).norm() / (one - two).norm())
    return found


def gradient(network: Network, signal: Tensor) -> Tensor:
    """The gradient by all parameters of a fixed random sum of the logits, in one vector.

    Not of the loss: where a network is sure, that is the rounding of ``1 - p``.
    """
    logits = network(signal)
    probe = torch.randn(logits.shape[1:], generator=torch.Generator().manual_seed(0))
    network.zero_grad()
    (logits * probe.to(logits)).sum().backward()
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
