"""What a network says of one surface that is stored, placed, turned and measured in other ways."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from experiments.geometry.exactness import molecules
from gaugecnn import build_model, load_config
from gaugecnn.errors import GaugecnnWarning
from gaugecnn.geometry.loading import load_mesh
from gaugecnn.networks import Network
from gaugecnn.surfaces import Icosphere, TriangleMesh

MESHES = Path(__file__).parents[2] / "meshes"
TASKS = ("classification", "segmentation")
DTYPES = (torch.float64, torch.float32)
FAR = np.array([448262.0, 5411930.0, 112.0])
"""Where geographic coordinates put a mesh."""


def rows(places: list[str]) -> Iterator[dict[str, Any]]:
    """Changes of logits, by surface and by what was changed; with RNA where the data are."""
    made = {file.name: lambda file=file: load_mesh(file) for file in sorted(MESHES.glob("*.ply"))}
    for name, make in {**made, **molecules(places)}.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GaugecnnWarning)  # the surfaces of RNA are mended
            for task, dtype, change, value in dependence(name, *make()):
                print(f"{name}, {task}, {dtype}, {change}: {value:.2g}", flush=True)
                where = {"model": f"gauge, {task}", "task": task, "test_condition": name}
                yield {**where, "metric": change, "value": value, "dtype": dtype}


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


def prepared(task: str, mesh: TriangleMesh) -> Network:
    """The untrained `gauge` network of a task on a mesh, biases random, with batch statistics.

    Its kernels are lengths, made for about 2,500 vertices. On a finer mesh they are made shorter,
    so that they hold as many vertices.
    """
    config = load_config("gauge", task, ["domain.kind=mesh", f"domain.file={mesh.title}"])
    shorter = min(1.0, mesh.surface.mean_edge / Icosphere(4).surface.mean_edge)
    for stage in config.model[task].stages:
        stage.radius *= shorter
    network = build_model(config, mesh)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "bias" in name:
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    return network.train()


def logits_of(network: Network, signal: Tensor, stored: Stored, dense: bool) -> Tensor:
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
    name: str, vertices: np.ndarray, faces: np.ndarray
) -> Iterator[tuple[str, str, str, float]]:
    """How much logits change, over the difference between two inputs' logits.

    Yields:
        the task, the precision, what was changed, and the change.
    """
    generator = torch.Generator().manual_seed(1)
    signal = torch.rand(3, 1, len(vertices), generator=generator, dtype=torch.float64)
    first: dict[tuple[str, torch.dtype], Tensor] = {}
    for stored in changes(vertices, faces):
        meshes = {stored.change: TriangleMesh(stored.vertices, stored.faces, name)}
        if stored.change == "as given":
            meshes["frames turned"] = TriangleMesh(vertices, faces, name, "random", 7)
        for change, mesh in meshes.items():
            for task in TASKS:
                network = prepared(task, mesh)
                for dtype in DTYPES:
                    precise = signal.to(dtype)
                    found = logits_of(network.to(dtype), precise, stored, task == "segmentation")
                    expected = first.setdefault((task, dtype), found)
                    scale = (expected[0] - expected[1]).abs().max()
                    if found is not expected:
                        error = float((found - expected).abs().max() / scale)
                        yield task, str(dtype).removeprefix("torch."), change, error
