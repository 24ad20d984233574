"""What a network says of one surface that is stored, placed, turned and measured in other ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor, nn

from gaugecnn import build_model, load_config
from gaugecnn.networks import Network
from gaugecnn.surfaces import TriangleMesh

TASKS = ("classification", "segmentation")
FAR = np.array([448262.0, 5411930.0, 112.0])
"""Where geographic coordinates put a mesh."""


class Stored(NamedTuple):
    """One surface stored in one way.

    Attributes:
        change: what was done to it.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        place: for each vertex its index as first given ``(vertex,)``.
    """

    change: str
    vertices: np.ndarray
    faces: np.ndarray
    place: np.ndarray


def changes(vertices: np.ndarray, faces: np.ndarray) -> Iterator[Stored]:
    """The surface as it is given, and changed in the ways that must not matter."""
    random = np.random.default_rng(0)
    count = len(vertices)
    as_given, order = np.arange(count), random.permutation(count)
    rank = np.argsort(order)
    turn = Rotation.random(random_state=3).as_matrix()
    cycle = (random.integers(0, 3, len(faces))[:, None] + np.arange(3)) % 3
    size = np.ptp(vertices, axis=0).max()
    yield Stored("as given", vertices, faces, as_given)
    yield Stored("vertices permuted", vertices[order], rank[faces], order)
    yield Stored("faces shuffled", vertices, random.permutation(faces), as_given)
    yield Stored("corners cycled", vertices, np.take_along_axis(faces, cycle, axis=1), as_given)
    yield Stored("moved far away", vertices + FAR * size / 2, faces, as_given)
    yield Stored("turned", vertices @ turn.T, faces, as_given)
    yield Stored("in millimetres", vertices * 1000, faces, as_given)


def prepared(task: str, mesh: TriangleMesh, dtype: torch.dtype) -> Network:
    """The untrained `gauge` network of a task on a mesh, biases random, with batch statistics."""
    words = ["domain.kind=mesh", f"domain.file={mesh.title}"]
    network = build_model(load_config("gauge", task, words), mesh).to(dtype)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "bias" in name:
                values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.copy_(0.3 * values)
    return network.train()


def logits_of(network: nn.Module, signal: Tensor, stored: Stored, dense: bool) -> Tensor:
    """What it says of a signal on the vertices as first given, on these vertices again."""
    place = torch.from_numpy(stored.place)
    with torch.no_grad():
        found: Tensor = network(signal[..., place]).double()
    if not dense:
        return found
    back = torch.empty_like(found)
    back[..., place] = found
    return back


def dependence(
    name: str, vertices: np.ndarray, faces: np.ndarray, dtype: torch.dtype
) -> Iterator[tuple[str, str, float]]:
    """Task, change, and the change of the logits over the difference of two inputs' logits."""
    generator = torch.Generator().manual_seed(1)
    signal = torch.rand(3, 1, len(vertices), generator=generator, dtype=torch.float64).to(dtype)
    first: dict[str, Tensor] = {}
    for stored in changes(vertices, faces):
        meshes = {
            stored.change: TriangleMesh(stored.vertices, stored.faces, name),
        }
        if stored.change == "as given":
            meshes["frames turned"] = TriangleMesh(vertices, faces, name, "random", 7)
        for change, mesh in meshes.items():
            for task in TASKS:
                network = prepared(task, mesh, dtype)
                found = logits_of(network, signal, stored, task == "segmentation")
                expected = first.setdefault(task, found)
                scale = (expected[0] - expected[1]).abs().max()
                if found is not expected:
                    yield task, change, float((found - expected).abs().max() / scale)
