"""What discs cost: processor time and memory, each size in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaugecnn.bench.footprint import peak_bytes
from gaugecnn.geometry.surface import surface_from_mesh
from gaugecnn.surfaces import Icosphere

RADIUS = 2.3
"""Of the discs, in mean edges."""

STRETCH = (1, 1, 1.3)
"""What an icosphere is pulled to, so that it is no sphere."""

MESHES = Path(__file__).parents[2] / "meshes"


def rows(levels: list[int], model: str, mesh: str) -> Iterator[dict[str, Any]]:
    """Seconds and memory of discs by size, and of a network's cold start.

    Args:
        levels: of the icospheres.
        model: the network that is built.
        mesh: on which, a file of ``meshes/``.
    """
    for level in levels:
        line = subprocess.run(
            [sys.executable, __file__, str(level)], check=True, capture_output=True, text=True
        ).stdout.splitlines()[-1]
        print(line, flush=True)
        yield from of_discs(f"discs of {RADIUS} edges", json.loads(line))
    value = cold_start(model, MESHES / mesh)
    yield {"model": model, "test_condition": mesh, "metric": "cold_start_s", "value": value}


def of_discs(model: str, found: dict[str, float]) -> Iterator[dict[str, Any]]:
    """What was measured of one size, a number a row."""
    where = {"model": model, "test_condition": f"{found.pop('vertices'):,} vertices"}
    for metric, value in found.items():
        yield {**where, "metric": metric, "value": value, "dtype": "float64"}


def cold_start(model: str, mesh: Path) -> float:
    """Processor seconds until a network is built on a mesh, with the start of Python."""
    words = ["domain.kind=mesh", f"domain.file={mesh}"]
    program = (
        "from gaugecnn import build_model, load_config;"
        f"build_model(load_config({model!r}, overrides={words!r}))"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _measure(level: int) -> dict[str, float]:
    surface_from_mesh("warm", *octahedron()).discs(1.0)
    sphere = Icosphere(level).surface
    vertices, faces = sphere.vertices * STRETCH, sphere.faces
    start = time.process_time()
    surface = surface_from_mesh("ellipsoid", np.asarray(vertices), faces)
    mean_edge = surface.mean_edge
    rings = time.process_time() - start
    discs = surface.discs(RADIUS * mean_edge)
    return {
        "vertices": len(surface),
        "pairs": len(discs),
        "rings_s": rings,
        "discs_s": time.process_time() - start,
        "peak_memory_mb": peak_bytes(torch.device("cpu")) / 1e6,
    }


def octahedron() -> tuple[np.ndarray, np.ndarray]:
    """A mesh on which everything is loaded before the clock starts."""
    axes = np.eye(3)
    faces = [[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2], [1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]]
    return np.array([axes[0], axes[1], axes[2], -axes[0], -axes[1], -axes[2]]), np.array(faces)


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
