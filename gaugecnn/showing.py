"""What is written and drawn of a network's answers, and of the samples of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig

from gaugecnn.build import build_datamodule, build_domain
from gaugecnn.build_data import build_task, load_collection
from gaugecnn.data.description import Description
from gaugecnn.data.field_rendering import check_turned
from gaugecnn.data.images.rendering import RawBatch
from gaugecnn.data.images.scenes import draw, grey_values
from gaugecnn.errors import UserError
from gaugecnn.figures import Sample, save_png
from gaugecnn.files import write_bytes_atomically
from gaugecnn.networks import Network
from gaugecnn.prediction import Asked, Prediction
from gaugecnn.surfaces.domain import Domain, PoseDistribution
from gaugecnn.tasks.base import Task

ROWS_IN_FIGURE = 8


def save_prediction(
    folder: Path, name: str, network: Network, task: Task, samples: Asked, found: Prediction
) -> None:
    """Write ``NAME.npz`` with every array, and the picture ``NAME.png`` of the first samples."""
    arrays = {**task.arrays(found.outputs), "signal": found.signal}
    numbers: dict[str, Any] = {key: tensor.numpy() for key, tensor in arrays.items()}
    write_bytes_atomically(
        folder / f"{name}.npz", lambda file: np.savez_compressed(file, **numbers)
    )
    rows = []
    for i in range(min(len(samples), ROWS_IN_FIGURE)):
        image = None if samples.images is None else grey_values(samples.images[i])
        sample = Sample(image, samples.renderer.shown(found.signal[i]))
        rows.append(task.drawn(sample, found.outputs[i], None))
    shown = f", first {len(rows)} of {len(samples)}" if len(samples) > len(rows) else ""
    title = f"{name}{shown} on {network.domain.title}"
    save_png(folder / f"{name}.png", network.domain, rows, task.legend, title)


def test_sample(
    config: DictConfig,
    network: Network | None,
    description: Description | None,
    index: int,
    pose: PoseDistribution,
) -> tuple[Domain, Sample, int]:
    """A test sample of a configuration: its domain, what there is to draw, and how many classes.

    Args:
        config: the configuration.
        network: asked for its answer; None when there is none.
        description: what it knows of its data; None when there is no network.
        index: which test sample.
        pose: how it is turned; the pose is that of the test of the same name.
    """
    domain = network.domain if network is not None else build_domain(config)
    collection = load_collection(config, domain, description)
    data = build_datamodule(config, domain, collection)
    tests = next(iter(data.test_sets.values()))
    if not 0 <= index < len(tests):
        raise UserError(f"--index: expected 0 to {len(tests) - 1}, got {index}")
    if not collection.has_poses:
        check_turned("--pose", pose, domain)
    raw = tests.in_poses(pose)[0, torch.tensor([index])]
    batch = data.renderer(raw)
    image = None
    if isinstance(raw, RawBatch):
        image = draw(raw.images, raw.labels, raw.corners).canvas[0]
    sample = Sample(image, data.renderer.shown(batch.signal[0]))
    task = build_task(config, collection.description)
    outputs = None
    if network is not None:
        with torch.no_grad():
            outputs = network(batch.signal)[0]
    known = batch if config.data.digits_per_sphere == 1 else batch._replace(label=None)
    return domain, task.drawn(sample, outputs, known), task.legend


def output_names(files: list[Path], folder: Path) -> list[str]:
    """The NAME under which each file's results are written, distinct and overwriting no input.

    Raises:
        UserError: two files would be written to the same place, or one over an input.
    """
    inputs = {file.resolve(): file for file in files}
    names: dict[str, Path] = {}
    for file in files:
        if file.stem in names:
            raise UserError(
                f"{names[file.stem]} and {file} would both be written to {folder / file.stem}.npz; "
                "predict them apart, with another --output"
            )
        names[file.stem] = file
        for suffix in (".npz", ".png"):
            target = folder / f"{file.stem}{suffix}"
            if target.resolve() in inputs:
                raise UserError(f"{target} would be written over; give another --output")
    return list(names)


def in_words(found: Prediction, task: Task, domain: Domain) -> str:
    """The answers to the first samples."""
    answers = task.in_words(found.outputs[:ROWS_IN_FIGURE], domain)
    return ", ".join(answers) + (", ..." if len(found.outputs) > ROWS_IN_FIGURE else "")
