"""How far the logits of a trained network move as one test image of each digit turns about z."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaugecnn.data.images.sources import load_source
from gaugecnn.prediction import ask, laid
from gaugecnn.records.directory import open_run

STEP = 5
ANGLES = np.arange(0, 360, STEP)
QUARTERS = [90 // STEP, 180 // STEP, 270 // STEP]
OTHERS = 500
"""Upright test images whose logits say how far apart those of two images are."""


def response(run: Path, places: Sequence[str] = ()) -> np.ndarray[Any, Any]:
    """How far the logits of one image of each digit move as it turns, ``(digit, angle)``.

    ``|f(R x) - f(x)| / s``, where s is the root mean square distance of the logits of upright test
    images from their mean.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
    """
    config, _, network = open_run(run, places)
    data, domain = config.data, network.domain
    images = load_source(data.name, data.root, data.download, False)
    upright = domain.turned_poses(torch.zeros(OTHERS))
    logits = ask(network, laid(images.images[:OTHERS], config, network, upright)).outputs
    spread = (logits - logits.mean(0)).square().sum(1).mean().sqrt()
    poses = domain.turned_poses(torch.from_numpy(ANGLES).deg2rad())
    moved = []
    for digit in range(10):
        first = int((images.labels == digit).nonzero()[0])
        picture = images.images[first].expand(len(ANGLES), *images.images.shape[1:])
        turned = ask(network, laid(picture, config, network, poses)).outputs
        moved.append((turned - turned[0]).norm(dim=1) / spread)
    return torch.stack(moved).numpy()


def rows(run: Path, places: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The changes as rows of ``results.csv``: of all digits together, and of each at each angle.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
    """
    moved = response(run, places)
    found = {("all angles", f"{name}_change"): value for name, value in totals(moved).items()}
    for digit, changes in enumerate(moved):
        for angle, change in zip(ANGLES, changes, strict=True):
            found[f"digit {digit} turned by {angle} degrees", "change"] = float(change)
    return [
        {"test_condition": condition, "metric": metric, "value": f"{value:.3e}"}
        for (condition, metric), value in found.items()
    ]


def totals(moved: np.ndarray[Any, Any]) -> dict[str, float]:
    """Mean and maximum over angles and digits ``(digit, angle)``, and at the quarter turns."""
    quarters = moved[:, QUARTERS]
    return {
        "mean": float(moved.mean()),
        "maximum": float(moved.max()),
        "mean_quarter_turn": float(quarters.mean()),
        "maximum_quarter_turn": float(quarters.max()),
    }
