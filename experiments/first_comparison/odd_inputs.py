"""What a trained network says of signals that it was not trained on: how large its logits grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gaugecnn.build import build_datamodule
from gaugecnn.records.directory import open_run

IMAGES = 16
FACTORS = (1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3)


def rows(run: Path, places: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """The largest logit by its absolute value, as rows of ``results.csv``.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
    """
    words = [*places, "data.train_size=null", "data.validation_size=null"]
    config, _, network = open_run(run, [*words, f"train.batch_size={IMAGES}"])
    data = build_datamodule(config, network.domain)
    raw = next(iter(data.test_dataloader()[1]))  # rotated images
    signal = data.on_after_batch_transfer(raw, 0).signal
    there = (network.domain.areas > 0).view(network.domain.shape)
    for name, odd in _signals(signal).items():
        with torch.no_grad():
            largest = float(network(odd * there).abs().max())
        yield {"test_condition": name, "metric": "largest_logit", "value": f"{largest:.4g}"}


def _signals(signal: Tensor) -> dict[str, Tensor]:
    """Digits ``(batch, 1, *shape)`` fainter and brighter than any, inverted, and no digits."""
    noise = torch.randn(signal.shape, generator=torch.Generator().manual_seed(0))
    return {
        **{f"digits times {factor:g}": factor * signal for factor in FACTORS},
        "inverted digits": 1 - signal,
        "noise": noise,
        "noise times 1000": 1000 * noise,
        "ones": torch.ones_like(signal),
        "a thousand everywhere": torch.full_like(signal, 1000.0),
    }
