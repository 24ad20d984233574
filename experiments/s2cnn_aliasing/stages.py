"""Which stage of a trained network leaks, and how fine a grid it needs.

The grid of one stage is varied while all others are so fine that they leak next to nothing. Digits
are cut to the degrees that the first layer takes and turned by Wigner's D, so that nothing but the
grids can tell a turned digit from an upright one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from experiments.s2cnn_aliasing.block import norms, rotate
from gaugecnn import build_datamodule, load_run
from gaugecnn.layers import expect
from gaugecnn.methods.s2cnn import SO3Type
from gaugecnn.methods.s2cnn.along_gamma import Samples
from gaugecnn.methods.s2cnn.spectral.fourier import Analysis, Synthesis
from gaugecnn.methods.s2cnn.spectral.fourier_grid import FourierGrid
from gaugecnn.methods.s2cnn.spectral.spectrum import degrees_of, parts_of
from gaugecnn.networks import Network
from gaugecnn.records.directory import run_config
from gaugecnn.surfaces.rotations import random_rotations

SAMPLINGS = (1.0, 1.125, 1.25, 1.5, 1.75, 2.0)
FINE = 3.0
DIGITS, ROTATIONS = 48, 4


@dataclass(frozen=True)
class Setting:
    """The grids of a network: bandwidths over the cut-offs.

    Args:
        words: the configuration of the grids, as on the command line.
        name: what to call it in the table.
    """

    words: tuple[str, ...]
    name: str


def settings(stages: int) -> Iterator[Setting]:
    """The network as it was trained; one stage coarse and the others fine; all alike."""
    yield Setting((), "as trained")
    for factor in SAMPLINGS:
        for i in range(stages):
            grids = [factor if j == i else FINE for j in range(stages)]
            yield Setting(words_of(grids), f"stage {i}, sampling={factor:g}")
    for factor in (*SAMPLINGS, FINE):
        yield Setting(words_of([factor] * stages), f"all stages, sampling={factor:g}")


def words_of(grids: list[float]) -> tuple[str, ...]:
    """The configuration of the grids of all stages."""
    key = "model.classification.stages[{}].sampling={:g}"
    return tuple(key.format(i, factor) for i, factor in enumerate(grids))


def rows(run: Path, places: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Errors of the logits of a trained S2CNN under rotations, by the grids of its stages.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
    """
    upright, turned, labels = band_limited_digits(run, places)
    for setting in settings(len(load_run(run).stages)):
        print(setting.name, flush=True)
        network = load_run(run, setting.words)
        still, moved = logits(network, upright), [logits(network, x) for x in turned]
        spread = (still - still.roll(1, 0)).norm(dim=1).mean()  # between two digits
        errors = torch.stack([(x - still).norm(dim=1) for x in moved]) / spread
        found = {
            "logit_error_mean": float(errors.mean()),
            "logit_error_max": float(errors.max()),
            "accuracy_unrotated": accuracy([still], labels),
            "accuracy_rotated": accuracy(moved, labels),
        }
        for metric, value in found.items():
            yield {"test_condition": setting.name, "metric": metric, "value": f"{value:.4g}"}


def band_limited_digits(run: Path, places: Sequence[str]) -> tuple[Tensor, list[Tensor], Tensor]:
    """Test digits as the first layer sees them, upright and turned, and their labels.

    Returns:
        ``(batch, 1, beta, alpha)``, one such for each rotation, ``(batch,)``.
    """
    config = run_config(run, [*places, f"train.batch_size={DIGITS}", f"data.test_size={DIGITS}"])
    network = load_run(run)
    data = build_datamodule(config, network.domain)
    batch = data.on_after_batch_transfer(next(iter(data.test_dataloader()[0])), 0)
    cutoff = expect(network.blocks[0].type_out, SO3Type).bandwidth
    grid = FourierGrid(cutoff, 0, network.domain.shape[0] // 2, Samples(1))
    analysis, synthesis = Analysis(grid).double(), Synthesis(grid).double()
    spectra = degrees_of(analysis(batch.signal.double().unsqueeze(-1)))
    matrices = random_rotations(ROTATIONS, torch.Generator().manual_seed(1))
    turned = [rotate(spectra, matrix) for matrix in matrices]
    assert torch.allclose(norms(turned[0]), norms(spectra))  # a rotation keeps the power
    signals = [synthesis(parts_of(z)).squeeze(-1).float() for z in (spectra, *turned)]
    return signals[0], signals[1:], batch.label


@torch.inference_mode()
def logits(network: Network, signal: Tensor) -> Tensor:
    """``(batch, class)``, a few images at a time."""
    return torch.cat([network(part) for part in signal.split(8)])


def accuracy(found: list[Tensor], labels: Tensor) -> float:
    """The share of right answers, in percent."""
    right = torch.stack([x.argmax(1) == labels for x in found])
    return 100 * float(right.float().mean())
