"""What is compared: the rows, the data, and how long each network is trained.

The epochs of a row are chosen so that its training takes about the seconds of its task, on one
core and with nothing else running: an epoch of a mesh network costs many of the plain CNN's, so
that equal epochs would compare nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import NamedTuple

TASKS = ("classification", "segmentation")
AUGMENTED = "cnn, augmented"
AUGMENTED_3X = "cnn, augmented 3x"
"""The augmented CNN, with three times the epochs."""
ROWS = ("gauge", "s2cnn", "p4", "cnn", AUGMENTED, AUGMENTED_3X, "gcn")


def slug(row: str) -> str:
    """The name of a row in files."""
    return row.replace(",", "").replace(" ", "-")


class Job(NamedTuple):
    """One network to train."""

    row: str
    task: str
    seed: int

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{slug(self.row)}-{self.task}-seed{self.seed}"


@dataclass(frozen=True)
class Preset:
    """A data set and the sizes at which each network is trained on it.

    Attributes:
        images: what the networks are trained on, as the figure says it.
        rows: which are compared, the costly first.
        seeds: of the weights, unless others are asked for.
        common: words for every network.
        seconds: by task, how long every row but `AUGMENTED_3X` should train on one core.
        needed: by task, what networks trained on unrotated images must reach on those, in percent.
        epochs: by task and row; those of `AUGMENTED_3X` follow from `AUGMENTED`.
        models: by row the file of its plan, where it is not that of its name.
        words: further words by row; `AUGMENTED_3X` has those of `AUGMENTED`.
    """

    images: str
    rows: tuple[str, ...]
    seeds: tuple[int, ...]
    common: tuple[str, ...]
    seconds: dict[str, int]
    needed: dict[str, float]
    epochs: dict[str, dict[str, int]]
    models: dict[str, str] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)


COARSE = Path(os.path.relpath(Path(__file__).parent / "digits"))
"""Plans for pictures of 8 x 8 pixels, which finer domains resolve in vain."""

PRESETS = {
    # `make compare`, 8 minutes of two cores; coarse domains lose little of 8 x 8 digits
    "digits": Preset(
        images="scikit-learn's digits",
        rows=tuple(row for row in ROWS if row != AUGMENTED_3X),
        seeds=(0,),
        common=("data.name=digits",),
        seconds={"classification": 30, "segmentation": 60},
        needed={"classification": 70.0, "segmentation": 25.0},
        epochs={
            "classification": {
                "gauge": 8,
                "s2cnn": 10,
                "p4": 24,
                "cnn": 44,
                AUGMENTED: 44,
                "gcn": 12,
            },
            "segmentation": {
                "gauge": 6,
                "s2cnn": 7,
                "p4": 7,
                "cnn": 34,
                AUGMENTED: 34,
                "gcn": 8,
            },
        },
        models={name: str(COARSE / f"{name}.yaml") for name in ("gauge", "s2cnn")},
        words={
            "p4": ("domain.size=32",),
            "cnn": ("domain.size=24", "trainer.check_val_every_n_epoch=5"),
            AUGMENTED: ("domain.size=24", "trainer.check_val_every_n_epoch=5"),
            "gcn": ("domain.level=3",),
        },
    ),
    # the committed results, hours of two cores
    "mnist": Preset(
        images="10,000 MNIST images",
        rows=ROWS,
        seeds=(0, 1, 2),
        common=(
            *("data.name=mnist", "data.train_size=10000", "data.test_size=2000"),
            *("train.warmup=0.5", "train.ema=0.998"),
        ),
        seconds={"classification": 900, "segmentation": 1200},
        needed={"classification": 0.0, "segmentation": 0.0},
        epochs={
            "classification": {
                "gauge": 7,
                "s2cnn": 16,
                "p4": 40,
                "cnn": 60,
                AUGMENTED: 60,
                "gcn": 16,
            },
            "segmentation": {
                "gauge": 3,
                "s2cnn": 8,
                "p4": 12,
                "cnn": 36,
                AUGMENTED: 36,
                "gcn": 4,
            },
        },
        words={},
    ),
}


def epochs_of(preset: Preset, row: str, task: str) -> int:
    """How many epochs a row is trained for."""
    epochs = preset.epochs[task]
    return 3 * epochs[AUGMENTED] if row == AUGMENTED_3X else epochs[row]


def words_of(preset: Preset, job: Job, root: str) -> list[str]:
    """The configuration of a job, as on the command line."""
    model, _, augmented = job.row.partition(", ")
    words = [
        f"model={preset.models.get(model, model)}",
        f"task={job.task}",
        *preset.common,
        f"seed={job.seed}",
    ]
    words.append(f"train.epochs={epochs_of(preset, job.row, job.task)}")
    words += ["train.batch_size=16", "train.learning_rate=0.01"]
    if root:
        words.append(f"data.root={root}")
    if augmented:
        words.append("data.rotation=so3")
    return [*words, *preset.words.get(AUGMENTED if augmented else job.row, ())]


def ordered_jobs(preset: Preset, rows: tuple[str, ...], seeds: tuple[int, ...]) -> list[Job]:
    """Every row on every task with every seed, the longest first: no process ends up alone."""

    def seconds(job: Job) -> int:
        return preset.seconds[job.task] * (3 if job.row == AUGMENTED_3X else 1)

    chosen = [row for row in preset.rows if row in rows]
    return sorted((Job(*j) for j in product(chosen, TASKS, seeds)), key=seconds, reverse=True)
