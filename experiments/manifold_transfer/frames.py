"""How far a trained network depends on the frames in which its features are written: not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gaugecnn import load_run
from gaugecnn.build import build_datamodule
from gaugecnn.networks import Network
from gaugecnn.records.directory import run_config

IMAGES = 4


def rows(
    run: Path, places: Sequence[str] = (), surfaces: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Relative changes when every frame is turned by a random angle, as rows of ``results.csv``.

    Of the logits: the largest change over the largest difference between two images' logits. Of the
    gradients by the parameters: the norm of the change over the norm of the difference between two
    images' gradients.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
        surfaces: shipped ones, beside its own.
    """
    for name in ("as trained", *surfaces):
        words = [*places] if name == "as trained" else [*places, *mesh_words(name)]
        aligned = load_run(run, words)
        turned = load_run(run, [*words, "domain.frames=random", "domain.frame_seed=7"])
        config = run_config(run, [*words, f"train.batch_size={IMAGES}"])
        data = build_datamodule(config, aligned.domain)
        raw = next(iter(data.test_dataloader()[1]))  # rotated images
        batch = data.renderer(raw)
        for dtype in (torch.float64, torch.float32):  # once rounded, geometry stays so
            pairs = [aligned.to(dtype), turned.to(dtype)]
            precision = str(dtype).removeprefix("torch.")
            for what, error in _errors(pairs, batch.signal.to(dtype)).items():
                yield {
                    "test_condition": f"{name}, {precision}",
                    "metric": f"frame_error_{what}",
                    "value": f"{error:.3g}",
                    "dtype": precision,
                }


def mesh_words(name: str) -> list[str]:
    """The configuration of a shipped surface."""
    return ["domain.kind=mesh", f"domain.file=meshes/{name}.ply"]


def _errors(pair: Sequence[Network], signal: Tensor) -> dict[str, float]:
    """How far the logits and the gradients of two networks differ on images, relatively."""
    with torch.no_grad():
        logits = [network(signal) for network in pair]
    change = (logits[0] - logits[1]).abs().max() / (logits[0][0] - logits[0][1]).abs().max()
    ours, theirs = (gradient(network, signal) for network in pair)
    one, two = (gradient(pair[0], signal[i : i + 1]) for i in (0, 1))
    moved = (ours - theirs).norm() / (one - two).norm()
    return {"logits": float(change), "gradients": float(moved)}


def gradient(network: Network, signal: Tensor) -> Tensor:
    """The gradient by all parameters of a fixed random sum of the logits, in one vector.

    Not of the loss: where a network is sure, that is the rounding of ``1 - p``.
    """
    logits = network(signal)
    probe = torch.randn(logits.shape[1:], generator=torch.Generator().manual_seed(0))
    network.zero_grad()
    (logits * probe.to(logits)).sum().backward()
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
