"""What a smaller image alone does: the sphere of the training, digits as wide as elsewhere.

On surfaces with little room images are scaled down. Here the same is done on the sphere, by a
margin around each picture, so that what a surface loses beyond that is due to its curvature and
its mesh.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from experiments.manifold_transfer.frames import mesh_words
from gaugecnn.build import build_domain
from gaugecnn.data.images.sources import load_source
from gaugecnn.prediction import ask, laid
from gaugecnn.records.directory import open_run, run_config
from gaugecnn.surfaces.domain import IMAGE_HALF_WIDTH, PoseDistribution
from gaugecnn.surfaces.mesh import TriangleMesh


def rows(
    run: Path, places: Sequence[str] = (), surfaces: Sequence[str] = (), images: int = 2000
) -> Iterator[dict[str, Any]]:
    """The accuracy of a classifier on its own surface, with images as wide as on other ones.

    Args:
        run: the run directory.
        places: words that say where its data lie, if not where it was trained.
        surfaces: shipped ones, on which images are scaled down.
        images: how many of the first test images.
    """
    config, _, network = open_run(run, places)
    data = config.data
    source = load_source(data.name, data.root, False, train=False).subset(torch.arange(images))
    for name in surfaces:
        margin = round(source.images.shape[-1] * (1 / _width(run, name) - 1) / 2)
        framed = torch.nn.functional.pad(source.images, (margin,) * 4)
        turns = {"unrotated": PoseDistribution.none, "rotated": PoseDistribution.so3}
        for condition, rotation in turns.items():
            generator = torch.Generator().manual_seed(0)
            poses = network.domain.sample_poses(images, rotation, generator)
            named = ask(network, laid(framed, config, network, poses)).outputs.argmax(1)
            value = 100 * float((named == source.labels).double().mean())
            yield {
                "test_condition": f"as wide as on {name}/{condition}",
                "metric": "accuracy",
                "value": f"{value:.4f}",
            }


def _width(run: Path, name: str) -> float:
    """The width of an image on a shipped surface, over that on the unit sphere."""
    domain = build_domain(run_config(run, mesh_words(name)))
    assert isinstance(domain, TriangleMesh)
    return domain.placing.half_width / IMAGE_HALF_WIDTH
