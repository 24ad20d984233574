"""What a trained network says of one test sample while it turns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig
from torch import Tensor

from gaugecnn.build import build_datamodule
from gaugecnn.build_data import build_task, load_collection
from gaugecnn.data.batch import Batch, SignalRenderer
from gaugecnn.errors import UserError
from gaugecnn.figures.sample import Sample
from gaugecnn.networks import Network
from gaugecnn.records.directory import open_run
from gaugecnn.report.turning import Turning
from gaugecnn.studies.plan import PlannedRun
from gaugecnn.surfaces.domain import PoseDistribution
from gaugecnn.tasks.base import Task

TOGETHER = 8
"""Poses that are asked about at once."""

Whole = NDArray[np.int64]


class NoSampleError(UserError):
    """A test sample that there is not."""


class Asked(NamedTuple):
    """A network and the sample that it is asked about.

    Attributes:
        run: what it was planned as.
        config: of the run.
        network: with the weights of the best checkpoint.
        task: what is asked of it.
        raw: the sample, a named tuple of tensors ``(1, ...)``, the pose last, or None in places.
        renderer: lays it on the network's domain.
        posed: whether it has poses there.
    """

    run: PlannedRun
    config: DictConfig
    network: Network
    task: Task
    raw: Any
    renderer: SignalRenderer
    posed: bool


class Answers(NamedTuple):
    """What a network says in each pose.

    Attributes:
        grey: the signal, 0 to 255 ``(pose, point)``.
        mask: the true mask, 0 for `unmarked` ``(pose, point)``; None where there is none.
        predicted: the predicted one; None where there is none.
        probabilities: of the classes ``(pose, class)``; None where there are none.
        label: the true class; None where there is none.
        score: how well each pose is answered, in percent ``(pose,)``; None where the truth is not
            known.
        measured: what the score is, in words.
        classes: how many there are, without `unmarked`.
        unmarked: what 0 in a mask is.
    """

    grey: Whole
    mask: Whole | None
    predicted: Whole | None
    probabilities: NDArray[np.float64] | None
    label: int | None
    score: NDArray[np.float64] | None
    measured: str
    classes: int
    unmarked: str


def ask_about(run: PlannedRun, image: int) -> Asked:
    """Open a trained run, and take a sample of its test half.

    Args:
        run: has a checkpoint.
        image: which sample.

    Raises:
        UserError: the data are not there.
        NoSampleError: they have no such sample.
    """
    config, description, network = open_run(run.folder, run.places)
    collection = load_collection(config, network.domain, description)
    data = build_datamodule(config, network.domain, collection)
    tests = next(iter(data.test_sets.values()))
    if image >= len(tests):
        raise NoSampleError(f"image: expected 0 to {len(tests) - 1}, got {image}")
    raw = tests.in_poses(PoseDistribution.none)[0, torch.tensor([image])]
    task = build_task(config, collection.description)
    return Asked(run, config, network, task, raw, data.renderer, collection.has_poses)


@torch.no_grad()
def answers(asked: Asked, turning: Turning) -> Answers:
    """Let a network answer in every pose.

    Args:
        asked: the network and the sample.
        turning: the poses.
    """
    count = len(turning.angles)
    poses = turning.poses(asked.network.domain)
    raw = asked.raw if poses is None else asked.raw._replace(poses=poses)
    parts = [None if t is None else t.expand(count, *t.shape[1:]) for t in raw]
    samples: list[Sample] = []
    for index in torch.arange(count).split(TOGETHER):
        batch = asked.renderer(type(asked.raw)(*(t if t is None else t[index] for t in parts)))
        outputs = asked.network(batch.signal).float()
        samples += [_drawn(asked, batch, outputs, i) for i in range(len(index))]
    first = samples[0]
    mask, predicted = (
        _stacked([getattr(s, n) for s in samples]) for n in ("mask", "predicted_mask")
    )
    chances = None if first.probabilities is None else _chances(samples)
    label = first.label if asked.config.data.digits_per_sphere == 1 else None
    score, measured = None, ""
    if mask is not None and predicted is not None:
        background = asked.task.description.background
        measured = "overlap with the truth" if background else "share that is right"
        score = agreement(mask, predicted, asked.network.domain.areas.numpy(), background)
    elif chances is not None and label is not None:
        measured = f"probability of class {label}"
        score = 100 * chances[:, label]
    grey = np.stack([np.rint(255 * s.grey.clip(0, 1)).astype(np.int64) for s in samples])
    legend, unmarked = asked.task.legend, first.unmarked
    return Answers(grey, mask, predicted, chances, label, score, measured, legend, unmarked)


def agreement(
    mask: Whole, predicted: Whole, areas: NDArray[np.float64], background: bool
) -> NDArray[np.float64]:
    """Of the area that either names, the share on which both name the same, ``(pose,)`` in percent.

    Args:
        mask: the true one ``(pose, point)``.
        predicted: the other ``(pose, point)``.
        areas: of the points ``(point,)``.
        background: whether 0 is a background; else points with a true 0 do not count.
    """
    counted = (mask > 0) | (predicted > 0) if background else mask > 0
    same = counted & (mask == predicted)
    share: NDArray[np.float64] = 100 * (same @ areas) / np.maximum(counted @ areas, 1e-12)
    return share


def _drawn(asked: Asked, batch: Batch, outputs: Tensor, i: int) -> Sample:
    """What there is to draw of one pose."""
    rest = (None if part is None else part[i : i + 1] for part in batch[1:])
    alone = Batch(batch.signal[i : i + 1], *rest)
    return asked.task.drawn(Sample(None, asked.renderer.shown(alone.signal[0])), outputs[i], alone)


def _stacked(masks: list[Tensor | None]) -> Whole | None:
    """Masks ``(pose, point)``."""
    there = [mask.flatten().numpy().astype(np.int64) for mask in masks if mask is not None]
    return np.stack(there) if there else None


def _chances(samples: list[Sample]) -> NDArray[np.float64]:
    there = [s.probabilities.double().numpy() for s in samples if s.probabilities is not None]
    return np.stack(there)
