"""What a smaller image alone does: the sphere of the training, digits as wide as elsewhere.

On surfaces with little room images are scaled down. Here the same is done on the sphere, by a
margin around each picture, so that what a surface loses beyond that is due to its curvature and
its mesh.
"""

from __future__ import annotations

from pathlib import Path

import torch

from gaugecnn import load_run
from gaugecnn.build import build_domain
from gaugecnn.data.datamodule import Splits, SurfaceDataModule
from gaugecnn.data.images.collection import ImageCollection
from gaugecnn.data.images.sources import Images, load_source
from gaugecnn.surfaces.domain import IMAGE_HALF_WIDTH, PoseDistribution
from gaugecnn.surfaces.mesh import TriangleMesh
from gaugecnn.training.directory import run_config


def mesh_words(name: str) -> list[str]:
    """The configuration of a shipped surface."""
    return ["domain.kind=mesh", f"domain.file=meshes/{name}.ply"]


def width_on(run: Path, name: str) -> float:
    """The width of an image on a shipped surface, over that on the unit sphere."""
    domain = build_domain(run_config(run, mesh_words(name)))
    assert isinstance(domain, TriangleMesh)
    return domain.placing.half_width / IMAGE_HALF_WIDTH


def accuracy_of_width(run: Path, root: str, width: float, count: int) -> dict[str, float]:
    """Accuracy of a trained classifier on its own surface, by test condition, in percent.

    Args:
        run: the run directory.
        root: the folder of the data files.
        width: of the images, over their own.
        count: of the first test images.
    """
    network = load_run(run)
    source = load_source("mnist", root, False, train=False).subset(torch.arange(count))
    margin = round(source.images.shape[-1] * (1 / width - 1) / 2)
    framed = torch.nn.functional.pad(source.images, (margin,) * 4)
    images = Images(framed, source.labels, source.classes, source.name)
    data = SurfaceDataModule(
        ImageCollection(network.domain, images, images),
        Splits(images, images, images),
        rotation=PoseDistribution.none,
        copies=None,
        batch_size=50,
        seed=0,
        shuffle_seed=0,
    )
    found = {}
    for condition, loader in zip(data.test_sets, data.test_dataloader(), strict=True):
        hits = 0
        for raw in loader:
            batch = data.renderer(raw)
            with torch.no_grad():
                hits += int((network(batch.signal).argmax(1) == batch.label).sum())
        found[condition] = 100 * hits / count
    return found
