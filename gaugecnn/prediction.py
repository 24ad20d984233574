"""A trained network on the user's own pictures or fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor

from gaugecnn.build import build_task
from gaugecnn.choices import choice
from gaugecnn.data.arrays import as_tensor
from gaugecnn.data.batch import SignalRenderer
from gaugecnn.data.description import Description
from gaugecnn.data.field_rendering import FieldRenderer, RawFields, check_turned
from gaugecnn.data.fields import FieldHalf, Fields, Layout, checked
from gaugecnn.data.images.collection import RENDERERS
from gaugecnn.data.images.conventions import Convention
from gaugecnn.data.images.pictures import ARRAYS, images_for, read_array, read_images
from gaugecnn.data.images.raster import MAX_SIDE, check_count
from gaugecnn.data.images.rendering import RawBatch
from gaugecnn.data.images.scenes import canvas_side, place
from gaugecnn.data.input_names import check_inputs
from gaugecnn.data.inputs import surface_inputs
from gaugecnn.errors import UserError
from gaugecnn.networks import Network
from gaugecnn.records.directory import open_run
from gaugecnn.surfaces.domain import PoseDistribution

BATCH_SIZE = 32
BATCH_PIXELS = MAX_SIDE**2
"""On the canvases of a batch together: as many as the largest picture has alone."""


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
    return understood(read_array(path, "values", check_count), str(path), network, description)


def understood(
    samples: object, what: str, network: Network, description: Description
) -> Tensor | FieldHalf:
    """Pictures, or fields where the network was trained on fields.

    Args:
        samples: an array or a tensor.
        what: where they come from, for messages.
        network: reads them.
        description: what it knows of its data.

    Raises:
        UserError: they are something else.
    """
    values = as_tensor(samples, what)
    if description.layout is None:
        return images_for(values, network.family.in_channels, what)
    maps = description.layout == Layout.equirectangular
    axes = 2 if maps else len(network.domain.shape)
    values = values[None] if values.ndim == axes + 1 else values  # one sample alone
    fields = Fields(values, np.zeros(len(values), dtype=np.int64), description.layout)
    half = checked(fields, network.domain, what)
    channels = len(description.mean) or description.channels
    if half.values.shape[1] != channels:
        raise UserError(f"{what}: expected {channels} channels, got {half.values.shape[1]}")
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
        check_turned("--pose", pose, domain)
        turned = pose is not PoseDistribution.none
        rotations = domain.sample_poses(len(found), pose, generator) if turned else None
        surface = surface_inputs(domain, check_inputs(description.inputs))
        renderer = FieldRenderer(domain, found, description, surface)
        return Asked(RawFields(found.values, found.targets, rotations), renderer, None)
    poses = domain.sample_poses(len(found), pose, generator)
    return laid(found, config, network, poses)


def laid(pictures: Tensor, config: DictConfig, network: Network, poses: Tensor) -> Asked:
    """Pictures, each filling its canvas, in poses of one's own.

    Args:
        pictures: ``(image, channel, row, column)``, uint8 0..255 or float32 0..1.
        config: of the run.
        network: on whose domain they are laid.
        poses: ``(image, *pose axes)`` of that domain.
    """
    count, rows, columns = len(pictures), *pictures.shape[-2:]
    corners = place(count, rows, columns, 1, np.random.default_rng(0)).corners  # one: nothing drawn
    labels = torch.zeros(count, 1, dtype=torch.int64)
    # (image, digit, channel, row, column)
    raw = RawBatch(pictures[:, None], labels, corners, poses)
    together = min(BATCH_SIZE, BATCH_PIXELS // canvas_side(rows, columns, 1) ** 2)
    renderer = RENDERERS[Convention(config.data.convention)](network.domain)
    return Asked(raw, renderer, pictures, max(together, 1))


def predict(
    run: str | Path,
    samples: object,
    pose: PoseDistribution | str = PoseDistribution.none,
    seed: int = 0,
) -> dict[str, Tensor]:
    """What a trained run says of samples of your own.

    Args:
        run: the run directory.
        samples: the name of a file, see `read`; or an array or a tensor of what such a file holds:
            pictures ``(image, channel, row, column)``, or fields ``(sample, channel, *axes)`` where
            the run was trained on fields.
        pose: ``none``, ``z`` or ``so3``: how samples are turned, one pose drawn for each.
        seed: of the poses.

    Returns:
        ``prediction``, and ``signal (sample, channel, *domain.shape)``, which the network read; of
        classes ``logits`` and ``probabilities`` too. On the CPU.

    Raises:
        UserError: no run there, or samples that it cannot read.
    """
    config, description, network = open_run(run)
    if isinstance(samples, str | Path):
        found = read(Path(samples), network, description)
    else:
        found = understood(samples, "samples", network, description)
    asking = asked(
        found, config, network, description, choice(PoseDistribution, pose, "pose"), seed
    )
    answer = ask(network, asking)
    task = build_task(config, description)
    return {**task.arrays(answer.outputs), "signal": answer.signal}


@torch.no_grad()
def ask(network: Network, samples: Asked) -> Prediction:
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
