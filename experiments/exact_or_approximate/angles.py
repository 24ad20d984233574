"""How many test images a trained network names rightly when all are turned by one angle."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from gaugecnn.build_data import load_collection, splits_of
from gaugecnn.data.images.collection import ImageCollection
from gaugecnn.data.images.sources import Images
from gaugecnn.networks import Network
from gaugecnn.prediction import ask, laid
from gaugecnn.records.directory import open_run
from gaugecnn.records.files import write_json
from gaugecnn.records.provenance import commit

FILE = "angles.json"
"""What was measured, in the directory of the run."""
QUARTERS = (0, 90, 180, 270)
ANGLES = tuple(range(0, 360, 10))
AT_ALL_ANGLES = 10_000
"""Of the test images, how many are turned by the angles that are no quarter turns too."""
PART = 10_000
"""Images whose signals are held at once."""
TOGETHER = 500
"""Images that the network is asked about at once."""


def left_over(config: DictConfig, collection: ImageCollection) -> Images:
    """The images of both halves that were neither trained on nor validated on."""
    data, train = config.data, collection.train
    used = data.train_size + data.validation_size
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(data.seed))
    trained = splits_of(config, collection).train
    assert isinstance(trained, Images)
    assert torch.equal(trained.images, train.images[order[: data.train_size]])
    rest = train.subset(order[used:])
    images = torch.cat([collection.test.images, rest.images])
    return Images(images, torch.cat([collection.test.labels, rest.labels]), 10, rest.name)


def accuracy(config: DictConfig, network: Network, images: Images, angle: float) -> float:
    """The share of the images, in percent, that is named rightly when turned by so many degrees."""
    turn = torch.full((PART,), float(angle)).deg2rad()
    poses = network.domain.turned_poses(turn)
    right = 0
    for part in torch.arange(len(images)).split(PART):
        asked = laid(images.images[part], config, network, poses[: len(part)])
        named = ask(network, dataclasses.replace(asked, together=TOGETHER)).outputs.argmax(1)
        right += int((named == images.labels[part]).sum())
    return 100 * right / len(images)


def measure(run: Path, places: Sequence[str] = ()) -> dict[str, Any]:
    """The accuracy of a run in percent by angle, and what it was measured with.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
    """
    start = time.perf_counter()
    torch.backends.cudnn.allow_tf32 = False  # or quarter turns would differ by its rounding
    config, description, network = open_run(run, places)
    collection = load_collection(config, network.domain, description)
    assert isinstance(collection, ImageCollection)
    images = left_over(config, collection)
    few = images.subset(torch.arange(AT_ALL_ANGLES))
    return {
        "all": {str(a): accuracy(config, network, images, a) for a in QUARTERS},
        "few": {str(a): accuracy(config, network, few, a) for a in ANGLES},
        "images": {"all": len(images), "few": len(few)},
        "seconds": round(time.perf_counter() - start, 1),
        "commit": commit(),
    }


def rows(run: Path, places: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The accuracy by angle as rows of ``results.csv``; measured once, and kept in the run.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
    """
    file = run / FILE
    if not file.is_file():
        write_json(file, measure(run, places))
    found: dict[str, Any] = json.loads(file.read_text())
    of_few = f"accuracy_of_{found['images']['few']}"
    mean = sum(found["few"].values()) / len(found["few"])
    told = [(f"turned by {angle} degrees", "accuracy", v) for angle, v in found["all"].items()]
    told += [(f"turned by {angle} degrees", of_few, v) for angle, v in found["few"].items()]
    told.append((f"mean of {len(found['few'])} angles", of_few, mean))
    return [{"test_condition": c, "metric": m, "value": f"{value:.4f}"} for c, m, value in told]
