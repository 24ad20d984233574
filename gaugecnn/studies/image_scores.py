"""A test of any study: every test image by itself, and on points that all methods share.

    tests: [{name: images, function: "gaugecnn.studies.image_scores:rows"}]

A segmenter's logits are read at the vertices of one icosphere, linearly between the points of its
own domain, and held against the mask rendered there: no method is judged by how coarse its own
points are. What each image adds is kept in the run, for paired intervals
(`gaugecnn.studies.paired`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from omegaconf import DictConfig
from torch import Tensor

from gaugecnn.build import build_datamodule
from gaugecnn.build_data import build_task, load_collection
from gaugecnn.config import override
from gaugecnn.data.description import Description
from gaugecnn.data.turning import linear_weights
from gaugecnn.errors import UserError
from gaugecnn.networks import Network
from gaugecnn.records.directory import open_run
from gaugecnn.studies.confusions import IMAGES, Score, write_matrices
from gaugecnn.surfaces.domain import Domain, SphereDomain
from gaugecnn.surfaces.mesh import Icosphere

LEVEL = 5


def rows(run: Path, places: Sequence[str] = (), level: int = LEVEL) -> list[dict[str, Any]]:
    """The metrics on common points, as rows of ``results.csv``.

    Args:
        run: the run directory.
        places: overrides that say where its data lie, if not where it was trained.
        level: of the icosphere whose vertices are the common points; of networks on other surfaces
            their own points are taken.

    Raises:
        UserError: the task names no classes.
    """
    config, description, network = open_run(run, places)
    if config.task not in Score.tasks:
        raise UserError(f"expected a task of {', '.join(Score.tasks)}, got task={config.task}")
    sphere = isinstance(network.domain, SphereDomain) and config.task == "segmentation"
    common = Icosphere(level) if sphere else network.domain
    found = confusions(config, description, network, common)
    score = Score(config.task, description.background)
    write_matrices(run / IMAGES, found, score)
    return [
        {"test_condition": f"{common.title}/{name}", "metric": metric, "value": f"{value:.4f}"}
        for name, matrix in found.items()
        for metric, value in score.metrics(matrix.double().sum(0)).items()
    ]


@torch.no_grad()
def confusions(
    config: DictConfig, description: Description, network: Network, common: Domain
) -> Mapping[str, Tensor]:
    """What each test image adds to the confusion matrix, by condition.

    Args:
        config: of the run.
        description: of its data.
        network: that was trained.
        common: at whose points segmenters are judged, weighted by their areas.

    Returns:
        ``(image, true class, predicted class)``, float32.
    """
    tested = override(config, ["data.train_size=null", "data.validation_size=null"])
    own, there = (
        build_datamodule(tested, domain, load_collection(tested, domain, description))
        for domain in (network.domain, common)
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device).eval()
    read = _reader(network.domain, common)
    task = build_task(config, description)
    areas = common.areas.view(common.shape)
    found = {}
    for name, condition in own.collection.conditions.items():
        if condition.overrides:  # of another network
            continue
        parts = []
        for index in torch.arange(len(own.test_sets[name])).split(config.train.batch_size):
            signal, truth = (
                data.on_after_batch_transfer(
                    move_data_to_device(data.test_sets[name][0, index], device), 0
                )
                for data in (own, there)
            )
            prediction = read(network(signal.signal).float()).argmax(1)
            target = task.target(truth)
            weight = areas.to(device) if target.ndim > 1 else torch.ones((), device=device)
            parts.append(_matrices(prediction, target, weight, task.outputs).cpu())
        found[name] = torch.cat(parts).float()
    return found


def _reader(domain: Domain, common: Domain) -> Any:
    """Outputs ``(batch, output, *domain.shape)`` at the points of another domain."""
    if common is domain:
        return lambda outputs: outputs
    index, weight = linear_weights(domain, common.points)

    def read(outputs: Tensor) -> Tensor:
        corners = outputs.flatten(2)[
            :, :, index.to(outputs.device)
        ]  # (batch, output, place, corner)
        return (corners * weight.to(outputs)).sum(-1).unflatten(2, common.shape)

    return read


def _matrices(prediction: Tensor, target: Tensor, weight: Tensor, classes: int) -> Tensor:
    """The confusion of every sample, ``(batch, true class, predicted class)``."""
    weights = (weight * (target >= 0)).double()
    cell = target.clamp_min(0) * classes + prediction
    sums = weights.new_zeros(len(target), classes**2)
    sums.scatter_add_(1, cell.view(len(target), -1), weights.view(len(target), -1))
    return sums.unflatten(1, (classes, classes))
