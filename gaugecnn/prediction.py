"""A trained network on the user's own files: pictures or fields in, arrays and figures out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor

from gaugecnn.build import build_datamodule, build_domain, build_task, load_collection
from gaugecnn.data.batch import SignalRenderer
from gaugecnn.data.conventions import Convention
from gaugecnn.data.description import Description
from gaugecnn.data.field_collection import FieldRenderer, RawFields
from gaugecnn.data.fields import FieldHalf, Fields, Layout, checked
from gaugecnn.data.image_collection import RENDERERS
from gaugecnn.data.inputs import parse_inputs, surface_inputs
from gaugecnn.data.pictures import ARRAYS, read_array, read_images
from gaugecnn.data.raster import MAX_SIDE, check_count
from gaugecnn.data.rendering import RawBatch
from gaugecnn.data.scenes import canvas_side, draw, grey_values, place
from gaugecnn.errors import UserError
from gaugecnn.figures import Sample, save_png
from gaugecnn.files import write_bytes_atomically
from gaugecnn.networks import Network
from gaugecnn.surfaces.domain import Domain, PoseDistribution, SphereDomain
from gaugecnn.tasks.base import Task

BATCH_SIZE = 32
BATCH_PIXELS = MAX_SIDE**2
"""On the canvases of a batch together: as many as the largest picture has alone."""

ROWS_IN_FIGURE = 8


@dataclass(frozen=True)
class Asked:
    """Samples without a truth.

    Args:
        raw: what the renderer reads, a named tuple of tensors ``(sample, ...)``, or None in places.
        renderer: lays them on the network's domain, as it was trained on them.
        images: the pictures that they were, ``(sample, channel, row, column)``; None of fields.
        together: how many are rendered at once.
    """

    raw: Any
    renderer: SignalRenderer
    images: Tensor | None
    together: int = BATCH_SIZE

    def __len__(self) -> int:
        return len(self.raw[0])


@dataclass(frozen=True)
class Prediction:
    """What a network says of samples in poses; every tensor is on the CPU.

    Args:
        signal: ``(sample, channel, *domain.shape)``.
        outputs: of the network for each.
    """

    signal: Tensor
    outputs: Tensor


def read(path: Path, network: Network, description: Description) -> Tensor | FieldHalf:
    """What a file holds: pictures, or fields where the network was trained on fields.

    Raises:
        UserError: no such file, or it holds something else.
    """
    if description.layout is None:
        return read_images(path, network.family.in_channels)
    if path.suffix.lower() not in ARRAYS or not path.is_file():
        kinds = " or ".join(ARRAYS)
        raise UserError(f"expected a file of type {kinds} that holds fields, got {path.absolute()}")
    values = read_array(path, "values", check_count)
    maps = description.layout == Layout.equirectangular
    axes = 2 if maps else len(network.domain.shape)
    values = values[None] if values.ndim == axes + 1 else values  # one sample alone
    fields = Fields(values, np.zeros(len(values), dtype=np.int64), description.layout)
    half = checked(fields, network.domain, str(path))
    channels = len(description.mean) or description.channels
    if half.values.shape[1] != channels:
        raise UserError(f"{path}: expected {channels} channels, got {half.values.shape[1]}")
    return half


def asked(
    found: Tensor | FieldHalf,
    config: DictConfig,
    network: Network,
    description: Description,
    pose: PoseDistribution,
    seed: int,
) -> Asked:
    """Samples in poses, one drawn for each.

    Args:
        found: pictures, each filling its canvas, or fields.
        config: of the run.
        network: on whose domain they are laid.
        description: what it knows of its data.
        pose: the distribution of poses.
        seed: of the poses.
    """
    domain, generator = network.domain, torch.Generator().manual_seed(seed)
    if isinstance(found, FieldHalf):
        turned = pose is not PoseDistribution.none
        if turned and not isinstance(domain, SphereDomain):
            raise UserError(f"--pose={pose}: fields are turned on spheres, got {domain.title}")
        rotations = domain.sample_poses(len(found), pose, generator) if turned else None
        surface = surface_inputs(domain, parse_inputs(description.inputs))
        renderer = FieldRenderer(domain, found, description, surface)
        return Asked(RawFields(found.values, found.targets, rotations), renderer, None)
    count, rows, columns = len(found), *found.shape[-2:]
    poses = domain.sample_poses(count, pose, generator)
    corners = place(count, rows, columns, 1, np.random.default_rng(seed)).corners
    labels = torch.zeros(count, 1, dtype=torch.int64)
    raw = RawBatch(found[:, None], labels, corners, poses)  # (image, digit, channel, row, column)
    together = min(BATCH_SIZE, BATCH_PIXELS // canvas_side(rows, columns, 1) ** 2)
    laid = RENDERERS[Convention(config.data.convention)](domain)
    return Asked(raw, laid, found, max(together, 1))


@torch.no_grad()
def predict(network: Network, samples: Asked) -> Prediction:
    """Ask a network, in evaluation mode, on the GPU where there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, renderer = network.to(device), samples.renderer.to(device)
    signals, outputs = [], []
    for part in torch.arange(len(samples)).split(samples.together):
        chosen = (None if t is None else t[part].to(device) for t in samples.raw)
        batch = renderer(type(samples.raw)(*chosen))
        signals.append(batch.signal.cpu())
        outputs.append(network(batch.signal).float().cpu())
    return Prediction(torch.cat(signals), torch.cat(outputs))


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
    if pose is not PoseDistribution.none and not collection.has_poses:
        raise UserError(f"--pose={pose}: fields are turned on spheres, got {domain.title}")
    raw = tests.turned(pose)[0, torch.tensor([index])]
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
