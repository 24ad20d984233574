"""What a gauge network loses when digits are turned and its stencils are not corrected.

The kernels of all convolutions are replaced; pooling keeps its own corrected stencils. No
configuration says so: a network of these kernels is built and trained here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from experiments.stencil_consistency.kernels import Control, KernelChoice
from gaugecnn import load_config
from gaugecnn.records.results import rows_of_run
from gaugecnn.training.run import train


def rows(
    edges: float, control: str, words: list[str], stages: str, seeds: list[int]
) -> Iterator[dict[str, Any]]:
    """Accuracy on unrotated and on rotated tests.

    Args:
        edges: radius of the support in mean edges; 0 is the one ring.
        control: a `Control`.
        words: of the trainings.
        stages: of the network, a word too.
        seeds: one training each.
    """
    kernel = KernelChoice(edges, Control(control))
    for seed in seeds:
        with tempfile.TemporaryDirectory() as output, kernel.in_place():
            given = [word for word in words if not word.startswith("model=")]
            summary = train(
                load_config("gauge", overrides=[*given, stages, f"seed={seed}", f"output={output}"])
            )
        yield from rows_of_run(summary, kernel.name, "")
