"""Which networks are trained on which poses, and what was published of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

EPOCHS = 30
TRAIN_SIZE, VALIDATION_SIZE = 8000, 2000
SEEDS = (0, 1, 2)

NETWORKS: dict[str, tuple[str, ...]] = {
    "p4 exact (28)": ("model=p4_25k", "domain.size=28"),
    "p4 approximate (27)": ("model=p4_25k", "domain.size=27"),
    "p4 approximate (29)": ("model=p4_25k", "domain.size=29"),
    "Z2 (28)": ("model=z2_25k", "domain.size=28"),
    "p4 subsampled (27)": ("model=p4_25k", "domain.size=27", "model.subsampling=equivariant"),
}
"""Each by name, with the words that choose it."""

TRAININGS: dict[str, tuple[str, ...]] = {
    "upright": ("data.rotation=none",),
    "uniform": ("data.rotation=z",),
    "N(45, 20)": ("data.rotation=z", "data.angle_mean=45", "data.angle_spread=20"),
}
"""The poses in training and validation, with the words that choose them; angles in degrees."""

PUBLISHED: dict[tuple[str, str], tuple[float, float, float, float, float]] = {
    ("upright", "p4 exact (28)"): (97.69, 97.69, 97.69, 97.69, 87.22),
    ("upright", "p4 approximate (27)"): (98.52, 78.65, 50.23, 82.81, 66.17),
    ("upright", "p4 approximate (29)"): (98.42, 80.13, 51.11, 81.59, 66.29),
    ("upright", "Z2 (28)"): (98.47, 17.90, 44.74, 17.25, 42.79),
    ("uniform", "p4 exact (28)"): (96.89, 96.89, 96.89, 96.89, 96.68),
    ("uniform", "p4 approximate (27)"): (96.92, 96.77, 96.59, 96.83, 96.55),
    ("uniform", "Z2 (28)"): (91.60, 89.60, 88.40, 89.63, 89.39),
    ("N(45, 20)", "p4 exact (28)"): (95.86, 95.86, 95.86, 95.86, 96.46),
    ("N(45, 20)", "p4 approximate (27)"): (96.72, 95.93, 59.06, 58.25, 78.44),
    ("N(45, 20)", "Z2 (28)"): (94.09, 88.39, 42.57, 38.18, 61.54),
}
"""Accuracy in % at 0, 90, 180, 270 degrees, and the mean of 36 angles (Edixhoven et al. 2023)."""


@dataclass(frozen=True)
class Job:
    """One training.

    Args:
        training: a name in `TRAININGS`.
        network: a name in `NETWORKS`.
        seed: of the weights, and of the choice of images.
    """

    training: str
    network: str
    seed: int

    @property
    def name(self) -> str:
        """Its folder."""
        words = f"{self.network} {self.training} seed{self.seed}"
        return "".join(c if c.isalnum() else "-" for c in words).strip("-").lower()

    @property
    def model(self) -> str:
        """The network's configuration."""
        return NETWORKS[self.network][0].partition("=")[2]

    def words(self, root: str) -> list[str]:
        """What is asked for beside the model, as on the command line."""
        return [
            *NETWORKS[self.network][1:],
            "domain.chart=plane",
            *("train=rotated_mnist", f"train.epochs={EPOCHS}", "train.schedule=cosine"),
            *("data.name=mnist", f"data.root={root}"),
            *(f"data.train_size={TRAIN_SIZE}", f"data.validation_size={VALIDATION_SIZE}"),
            *TRAININGS[self.training],
            *(f"seed={self.seed}", f"data.seed={self.seed}"),
        ]

    @property
    def command(self) -> str:
        """The words that train it again."""
        return shlex.join(["gaugecnn", "train", f"model={self.model}", *self.words("DIR")])


def jobs(trainings: Sequence[str], networks: Sequence[str], seeds: Sequence[int]) -> list[Job]:
    """Those that are chosen, seed by seed."""
    return [Job(t, n, seed) for seed in seeds for t in trainings for n in networks]
