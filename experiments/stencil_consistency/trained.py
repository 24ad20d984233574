"""What a trained gauge network loses when the digits are turned, for each kernel.

The kernels of all convolutions are replaced; pooling keeps its own corrected stencils. Networks
are trained on the embedded 8 x 8 digits, all upright.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kernels import Control, KernelChoice
from rich.console import Console

from gaugecnn import load_config
from gaugecnn.ops.stencil import ONE_RING
from gaugecnn.records.results import rows_of_run
from gaugecnn.training.run import train

CHANNELS, DOWN, RADII = (8, 16, 16, 24), (0, 1, 2, 2), (0.175, 0.35, 0.7, 0.7)
"""The stages; the radii are 2.3 mean edges of icospheres 4, 3, 2."""

TRAINED = (
    *(KernelChoice(ONE_RING, c) for c in (Control.plain, 1, 2)),
    *(KernelChoice(2.3, c) for c in (*Control, 1, 3)),
)


def words_of(kernel: KernelChoice, seed: int) -> list[str]:
    """The configuration of one training, as on the command line."""
    radii = RADII if kernel.edges else (ONE_RING,) * len(RADII)
    stages = [
        f"{{channels: {c}, radius: {r:g}, down: {d}, degree: {kernel.degree}}}"
        for c, r, d in zip(CHANNELS, radii, DOWN, strict=True)
    ]
    return [
        *("data.name=digits", "domain.level=4", f"seed={seed}"),
        *("train.epochs=6", "train.batch_size=16", "train.learning_rate=0.01"),
        "model.nonlinearity=norm_gate",
        f"model.classification.stages=[{', '.join(stages)}]",
    ]


def folder(runs: Path, kernel: KernelChoice, seed: int) -> Path:
    """Where a training is kept."""
    return runs / f"{kernel.name.replace(', ', '-').replace(' ', '_')}-seed{seed}"


def train_rows(runs: Path, seeds: Sequence[int], console: Console) -> Iterator[dict[str, Any]]:
    """Accuracy on unrotated and on rotated tests; what is trained already is not trained again."""
    for seed in seeds:
        for kernel in TRAINED:
            output = folder(runs, kernel, seed)
            words = words_of(kernel, seed)
            if not (output / "summary.json").is_file():
                output.parent.mkdir(parents=True, exist_ok=True)
                config = load_config("gauge", overrides=[*words, f"output={output}"])
                with (
                    Path(f"{output}.log").open("w") as log,
                    contextlib.redirect_stdout(log),
                    kernel.in_place(),
                ):
                    train(config)
            summary = json.loads((output / "summary.json").read_text())
            scores = {c: summary["test"][c]["accuracy"] for c in ("unrotated", "rotated")}
            console.print(
                f"{kernel.name}, seed {seed}: {scores['unrotated']:.1f} unrotated, "
                f"{scores['rotated']:.1f} rotated, {summary['train_seconds']:.0f} s"
            )
            command = "python experiments/stencil_consistency/consistency.py"
            if not isinstance(kernel.correction, Control):  # a control is no configuration
                command = f"gaugecnn train model=gauge {' '.join(quoted(w) for w in words)}"
            yield from rows_of_run(summary, kernel.name, command)


def quoted(word: str) -> str:
    """A word as the shell needs it."""
    return f"'{word}'" if " " in word else word
