"""The metrics of a task from a confusion matrix, of all images or of many drawings of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaugecnn.files import write_bytes_atomically
from gaugecnn.tasks.confusion import accuracy, intersection_over_union

IMAGES = "images.npz"
"""What each test image adds to the confusion of a run, by condition, in its directory."""
FIRST = "first class of the foreground"


class Score:
    """What a confusion matrix ``(..., true class, predicted class)`` says, in percent.

    Args:
        task: which names classes.
        background: whether class 0 is no part of the foreground.
    """

    tasks = ("classification", "segmentation")

    def __init__(self, task: str, background: bool) -> None:
        self.task, self.first = task, int(background)

    def metrics(self, matrix: Tensor) -> dict[str, float]:
        """The metrics of one matrix; of segmenters means over the classes that appear."""
        found = {"accuracy": accuracy(matrix)}
        if self.task == "segmentation":
            area = intersection_over_union(matrix)
            found = {"miou": area.nanmean(), "miou_foreground": self.mains(matrix), **found}
        return {name: float(value) for name, value in found.items()}

    def mains(self, matrices: Tensor) -> Tensor:
        """The metric by which networks are compared ``(...)``, of each of many matrices."""
        if self.task == "classification":
            return accuracy(matrices)
        return intersection_over_union(matrices)[..., self.first :].nanmean(-1)


def write_matrices(path: Path, matrices: Mapping[str, Tensor], score: Score) -> None:
    """Keep what each image adds, by condition, with what has to be known of its classes."""
    arrays: dict[str, Any] = {name: matrix.numpy() for name, matrix in matrices.items()}
    arrays[FIRST] = np.array(score.first)
    write_bytes_atomically(path, lambda file: np.savez_compressed(file, **arrays))


def read_matrices(path: Path, condition: str, task: str) -> tuple[Tensor, Score]:
    """What each image adds ``(image, true class, predicted class)``, and how it is judged."""
    with np.load(path) as arrays:
        return torch.from_numpy(arrays[condition]).double(), Score(task, bool(arrays[FIRST]))
