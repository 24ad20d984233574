"""The metrics of a task from a confusion matrix, of all images or of many drawings of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaugecnn.files import write_bytes_atomically

Matrices = NDArray[np.floating[Any]]
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

    def metrics(self, matrix: Matrices) -> dict[str, float]:
        """The metrics of one matrix; of segmenters means over the classes that appear."""
        if self.task == "classification":
            return {"accuracy": float(_accuracy(matrix))}
        area = _unions(matrix)
        return {
            "miou": float(np.nanmean(area)),
            "miou_foreground": float(np.nanmean(area[self.first :])),
            "accuracy": float(_accuracy(matrix)),
        }

    def mains(self, matrices: Matrices) -> Matrices:
        """The metric by which networks are compared, of each of many matrices."""
        if self.task == "classification":
            return _accuracy(matrices)
        found: Matrices = np.nanmean(_unions(matrices)[..., self.first :], axis=-1)
        return found


def write_matrices(path: Path, matrices: Mapping[str, Matrices], score: Score) -> None:
    """Keep what each image adds, by condition, with what has to be known of its classes."""
    arrays: dict[str, Any] = {**matrices, FIRST: np.array(score.first)}
    write_bytes_atomically(path, lambda file: np.savez_compressed(file, **arrays))


def read_matrices(path: Path, condition: str, task: str) -> tuple[Matrices, Score]:
    """What each image adds ``(image, true class, predicted class)``, and how it is judged."""
    with np.load(path) as arrays:
        found: Matrices = arrays[condition].astype(np.float64)
        return found, Score(task, bool(arrays[FIRST]))


def _accuracy(matrices: Matrices) -> Matrices:
    found: Matrices = 100 * np.trace(matrices, axis1=-2, axis2=-1) / matrices.sum((-2, -1))
    return found


def _unions(matrices: Matrices) -> Matrices:
    """``TP / (TP + FP + FN)`` by class in percent; NaN for a class that appears nowhere."""
    hit = np.diagonal(matrices, axis1=-2, axis2=-1)
    union = matrices.sum(-1) + matrices.sum(-2) - hit
    found: Matrices = 100 * np.divide(hit, union, out=np.full_like(hit, np.nan), where=union > 0)
    return found
