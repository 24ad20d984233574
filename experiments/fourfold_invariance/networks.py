"""The classifiers whose response is drawn, all trained on the same upright digits."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaugecnn import load_config, train

SEEDS = (0, 1, 2)
ON_ONE_CHART = ("domain.chart=azimuthal", "domain.size=40")
NETWORKS: dict[str, tuple[str, ...]] = {
    "p4": ("model=p4",),
    "cnn": ("model=cnn", *ON_ONE_CHART),
    "cnn augmented": ("model=cnn", *ON_ONE_CHART, "data.rotation=z"),
    "s2cnn": ("model=s2cnn",),
    "gauge": ("model=gauge",),
}
"""Each by name, with the words that choose it."""

RECIPE = ("data.name=mnist", "data.train_size=6000", "train.epochs=5", "train.learning_rate=0.005")


@dataclass(frozen=True)
class Job:
    """One training.

    Args:
        network: a name in `NETWORKS`.
        seed: of the weights, and of the choice of images.
    """

    network: str
    seed: int

    @property
    def words(self) -> list[str]:
        """What is asked for beside the model, as on the command line."""
        chosen = NETWORKS[self.network][1:]
        return [*chosen, *RECIPE, f"seed={self.seed}", f"data.seed={self.seed}"]

    @property
    def model(self) -> str:
        """The network's configuration."""
        return NETWORKS[self.network][0].partition("=")[2]

    @property
    def command(self) -> str:
        """The words that train it again."""
        return shlex.join(
            ["gaugecnn", "train", f"model={self.model}", *self.words, "data.root=DIR"]
        )

    def folder(self, output: Path) -> Path:
        """Its run directory."""
        return output / f"{self.network.replace(' ', '-')}-seed{self.seed}"

    def summary(self, root: str, output: Path) -> dict[str, Any]:
        """What the run left, trained unless it is there."""
        folder = self.folder(output)
        if (folder / "summary.json").is_file():
            found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
            return found
        print(self.command, flush=True)
        words = [*self.words, f"data.root={root}", f"output={folder}", "train.resume=true"]
        return train(load_config(self.model, "classification", words))
