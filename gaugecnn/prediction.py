"""A trained network on the user's own pictures: files in, arrays and figures out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor

from gaugecnn.build import build_datamodule, build_domain
from gaugecnn.data.published import PublishedRenderer
from gaugecnn.data.raster import MAX_SIDE
from gaugecnn.data.rendering import RawBatch, Renderer
from gaugecnn.data.scenes import canvas_side, draw, grey_values, place
from gaugecnn.errors import UserError
from gaugecnn.figures import Sample, save_png
from gaugecnn.files import write_bytes_atomically
from gaugecnn.networks import Classifier, Network
from gaugecnn.surfaces.domain import Domain, PoseDistribution

BATCH_SIZE = 32
BATCH_PIXELS = MAX_SIDE**2
"""On the canvases of a batch together: as many as the largest picture has alone."""

ROWS_IN_FIGURE = 8


@dataclass(frozen=True)
class Prediction:
    """What a network says of images in poses; every tensor is on the CPU.

    Args:
        signal: ``(image, channel, *domain.shape)``.
        logits: ``(image, class)``, or ``(image, class + 1, *domain.shape)`` of a segmenter.
        white: the largest grey value that a signal may have.
    """

    signal: Tensor
    logits: Tensor
    white: float

    @property
    def probabilities(self) -> Tensor:
        """The softmax of the logits, the same shape."""
        return self.logits.softmax(dim=1)

    @property
    def prediction(self) -> Tensor:
        """The class of each image, or of each point with 0 for background."""
        return self.logits.argmax(dim=1)


@torch.no_grad()
def predict(
    network: Network,
    renderer: Renderer | PublishedRenderer,
    images: Tensor,
    pose: PoseDistribution,
    seed: int,
) -> Prediction:
    """Lay images on the network's domain, each filling its canvas, and ask the network.

    Args:
        network: in evaluation mode.
        renderer: lays images on its domain, as the network was trained on them.
        images: ``(image, channel, row, column)``, uint8 0..255 or float32 0..1.
        pose: the distribution of poses, one drawn per image.
        seed: of the poses.
    """
    count, rows, columns = len(images), *images.shape[-2:]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device)
    renderer = renderer.to(device)
    poses = network.domain.sample_poses(count, pose, torch.Generator().manual_seed(seed))
    corners = place(count, rows, columns, 1, np.random.default_rng(seed)).corners
    labels = torch.zeros(count, 1, dtype=torch.int64)
    raw = RawBatch(images[:, None], labels, corners, poses)  # (image, digit, channel, row, column)
    together = min(BATCH_SIZE, BATCH_PIXELS // canvas_side(rows, columns, 1) ** 2)
    signals, logits = [], []
    for part in torch.arange(count).split(max(together, 1)):
        batch = renderer(RawBatch(*(tensor[part].to(device) for tensor in raw)))
        signals.append(batch.signal.cpu())
        logits.append(network(batch.signal).float().cpu())
    return Prediction(torch.cat(signals), torch.cat(logits), renderer.white)


def save_prediction(
    folder: Path, name: str, network: Network, images: Tensor, prediction: Prediction
) -> None:
    """Write ``NAME.npz`` with every array, and the picture ``NAME.png`` of the first images."""
    arrays = {
        "logits": prediction.logits,
        "prediction": prediction.prediction,
        "probabilities": prediction.probabilities,
        "signal": prediction.signal,
    }
    numbers: dict[str, Any] = {key: tensor.numpy() for key, tensor in arrays.items()}
    write_bytes_atomically(
        folder / f"{name}.npz", lambda file: np.savez_compressed(file, **numbers)
    )
    classifies = isinstance(network, Classifier)
    samples = [
        Sample(
            grey_values(images[i]),
            prediction.signal[i] / prediction.white,
            predicted_mask=None if classifies else prediction.prediction[i],
            probabilities=prediction.probabilities[i] if classifies else None,
        )
        for i in range(min(len(images), ROWS_IN_FIGURE))
    ]
    shown = f", first {len(samples)} of {len(images)}" if len(images) > len(samples) else ""
    classes = prediction.logits.shape[1] - (not classifies)
    title = f"{name}{shown} on {network.domain.title}"
    save_png(folder / f"{name}.png", network.domain, samples, classes, title)


def test_sample(
    config: DictConfig, network: Network | None, index: int, pose: PoseDistribution
) -> tuple[Domain, Sample, int]:
    """A test scene of a configuration: its domain, what there is to draw, and how many classes.

    Args:
        config: the configuration.
        network: asked for its prediction; None when there is none.
        index: which test scene.
        pose: how it is turned; the pose is that of the test of the same name.
    """
    domain = network.domain if network is not None else build_domain(config)
    data = build_datamodule(config, domain)
    upright = data.test_sets["unrotated"]
    if not 0 <= index < len(upright):
        raise UserError(f"--index: expected 0 to {len(upright) - 1}, got {index}")
    drawn = replace(upright.poses, rotation=pose).draw(domain, len(upright), epoch=0)
    chosen = torch.tensor([index])
    raw = upright[0, chosen]._replace(poses=drawn[chosen])
    batch = data.renderer(raw)
    sample = Sample(
        draw(raw.images, raw.labels, raw.corners).canvas[0],
        batch.signal[0] / data.renderer.white,
        label=int(batch.label[0]) if config.data.digits_per_sphere == 1 else None,
        mask=batch.mask[0],
    )
    classes = data.splits.train.classes
    if network is None:
        return domain, sample, classes
    with torch.no_grad():
        logits = network(batch.signal)[0]
    if isinstance(network, Classifier):
        return domain, replace(sample, probabilities=logits.softmax(dim=0)), classes
    return domain, replace(sample, predicted_mask=logits.argmax(dim=0)), classes


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


def in_words(found: Prediction, domain: Domain) -> str:
    """The classes of the first images; of a mask, the class that covers most of the surface."""
    first = found.prediction[:ROWS_IN_FIGURE]
    if first.ndim == 1:
        answers = [str(label) for label in first.tolist()]
    else:
        areas = domain.areas.cpu()
        covered = [mask.flatten().bincount(areas)[1:] for mask in first]  # (class,) each
        answers = [str(int(c.argmax())) if len(c) > 0 else "background" for c in covered]
    return ", ".join(answers) + (", ..." if len(found.prediction) > ROWS_IN_FIGURE else "")
