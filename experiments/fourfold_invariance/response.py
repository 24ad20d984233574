"""Who notices that a digit is turned? The change of the logits through a whole turn.

Trains `p4`, `cnn`, `cnn` augmented with turned digits, `s2cnn` and `gauge` on upright digits, turns
one test image of each digit through 360 degrees in steps of 5, and writes how far the logits move
to ``results.csv`` and ``figure.png``. What was trained before is not trained again.

    python experiments/fourfold_invariance/response.py --root DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from figure import draw
from networks import NETWORKS, SEEDS, Job
from rich.console import Console
from rich.table import Table

from gaugecnn.data.images.sources import Images, load_source
from gaugecnn.prediction import ask, laid
from gaugecnn.training.directory import open_run
from gaugecnn.training.files import write_csv
from gaugecnn.training.provenance import commit
from gaugecnn.training.results import Result

HERE = Path(__file__).parent
STEP = 5
ANGLES = np.arange(0, 360, STEP)
QUARTERS = [90 // STEP, 180 // STEP, 270 // STEP]
OTHERS = 500
"""Upright test images whose logits say how far apart those of two images are."""


def response(run: Path, images: Images) -> np.ndarray[Any, Any]:
    """How far the logits of one image of each digit move as it turns, ``(digit, angle)``.

    ``|f(R x) - f(x)| / s``, where s is the root mean square distance of the logits of upright test
    images from their mean.

    Args:
        run: the run directory.
        images: to test on.
    """
    config, _, network = open_run(run)
    domain = network.domain
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


def rows_of(job: Job, summary: dict[str, Any], moved: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """The numbers of one run: of all digits together, and of each at each angle."""
    found = {("all angles", f"{name}_change"): value for name, value in totals(moved).items()}
    for digit, changes in enumerate(moved):
        for angle, change in zip(ANGLES, changes, strict=True):
            found[f"digit {digit} turned by {angle} degrees", "change"] = float(change)
    common = {k: summary[k] for k in ("task", "seed", "train_size", "parameters")}
    provenance = {k: summary[k] for k in ("train_seconds", "device", "dtype")}
    return [
        Result(
            model=job.network,
            train_rotation="z" if "data.rotation=z" in NETWORKS[job.network] else "none",
            test_condition=condition,
            metric=metric,
            value=f"{value:.3e}",
            commit=commit(),
            command=job.command,
            **common,
            **provenance,
        ).row()
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


def table(moved: dict[str, list[np.ndarray[Any, Any]]]) -> Table:
    """Each network's totals, the mean and the range over seeds."""
    shown = Table("network", "mean", "maximum", "mean at 90, 180, 270", "maximum there")
    for network, of_seeds in moved.items():
        found = [totals(changes) for changes in of_seeds]
        cells = []
        for name in found[0]:
            values = [numbers[name] for numbers in found]
            cells.append(f"{np.mean(values):.2g} ({min(values):.2g} to {max(values):.2g})")
        shown.add_row(network, *cells)
    return shown


def main() -> None:
    """Train what is missing, then write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="data", help="folder of the data files (data.root)")
    parser.add_argument("--output", type=Path, default=Path("runs/fourfold_invariance"))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images = load_source("mnist", options.root, False, False)
    rows: list[dict[str, Any]] = []
    moved: dict[str, list[np.ndarray[Any, Any]]] = {}
    for job in [Job(network, seed) for seed in options.seeds for network in NETWORKS]:
        summary = job.summary(options.root, options.output)
        changes = response(job.folder(options.output), images)
        moved.setdefault(job.network, []).append(changes)
        rows += rows_of(job, summary, changes)
    write_csv(HERE / "results.csv", rows)
    draw(ANGLES, moved, HERE / "figure.png")
    Console(width=140).print(table(moved))


if __name__ == "__main__":
    main()
