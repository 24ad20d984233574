"""Geodesics on a mesh by heat methods (potpourri3d).

Logarithmic maps are solved in parallel with a progress bar, and remembered on disk.
"""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import potpourri3d
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import gaugecnn.geometry.heat_worker as heat_worker
from gaugecnn.disk_cache import cached_table
from gaugecnn.errors import UserError
from gaugecnn.geometry.arrays import Array, Index

ENTRIES = 16_000_000
"""Pairs that a table may hold, 256 MB: it reaches as far as it can, at most a quarter turn."""

VERSION = 1
"""Of what the tables hold: raise it when that changes."""

FEW = 256
"""Maps that are solved in this process: another one takes as long to start."""


def distances_from(vertices: Array, faces: Index, sources: Index) -> Array:
    """Geodesic distance of every vertex from the nearest of `sources` (Crane et al. 2013)."""
    solver = potpourri3d.MeshHeatMethodDistanceSolver(vertices, faces)
    return solver.compute_distance_multisource(sources.tolist())


def reach_of(count: int) -> float:
    """How far the table of a mesh of area ``4 pi`` with so many vertices reaches, in radians."""
    share = ENTRIES / count**2
    return math.pi / 2 if share >= 0.5 else 2 * math.asin(math.sqrt(share))


def remembered_maps(title: str, vertices: Array, faces: Index) -> np.ndarray:
    """The maps of all vertices as far as the table reaches, ``(4, entry)``, see `solve`."""
    radius = reach_of(len(vertices))
    digest = hashlib.sha256(vertices.tobytes() + faces.tobytes()).hexdigest()
    key = f"maps {VERSION} of mesh {digest}, radius {radius}, potpourri3d {version('potpourri3d')}"
    everywhere = np.arange(len(vertices))

    def build() -> torch.Tensor:
        return torch.from_numpy(maps(title, vertices, faces, everywhere, radius))

    return cached_table(key, build, "logarithms").numpy()


def maps(title: str, vertices: Array, faces: Index, sources: Index, radius: float) -> np.ndarray:
    """The maps of some vertices, in several processes where there are many, ``(4, entry)``.

    Raises:
        UserError: the solver fails on this mesh.
    """
    try:
        if len(sources) <= FEW:
            found = heat_worker.solve(vertices, faces, sources, radius)
        else:
            found = _in_parallel(title, vertices, faces, sources, radius)
    except (RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        raise UserError(f"{title}: geodesics could not be computed: {reason}") from error
    if not np.isfinite(found[2]).all():
        bad = np.unique(found[0, ~np.isfinite(found[2])]).astype(int)
        raise UserError(
            f"{title}: geodesics of {len(bad)} vertices are not finite, the first: "
            f"{bad[:5].tolist()}; are there needle-like faces?"
        )
    return found


def _in_parallel(
    title: str, vertices: Array, faces: Index, sources: Index, radius: float
) -> np.ndarray:
    """Every process takes every n-th vertex; a bar shows how many are done."""
    workers = min(_cores(), len(sources) // FEW + 1)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(*columns, TimeElapsedColumn(), console=console, transient=True,
                 disable=not console.is_terminal) as bar,
        ThreadPoolExecutor(workers) as pool,
    ):  # fmt: skip
        mesh = Path(folder) / "mesh.npz"
        np.savez(mesh, vertices=vertices, faces=faces, sources=sources, radius=radius)
        task = bar.add_task(f"geodesics of {title}", total=len(sources))
        outputs = [Path(folder) / f"{i}.npy" for i in range(workers)]
        futures = [
            pool.submit(_watch, [mesh, i, workers, output], lambda n: bar.advance(task, n))
            for i, output in enumerate(outputs)
        ]
        for future in futures:
            future.result()
        parts = np.concatenate([np.load(output) for output in outputs], axis=1)
    return parts[:, np.argsort(parts[0], kind="stable")]


def _watch(words: list[object], progress: Callable[[int], object]) -> None:
    """Run one worker to its end.

    Raises:
        RuntimeError: it failed; with its last words.
    """
    command = [sys.executable, heat_worker.__file__, *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process:
            for line in process.stdout or ():
                progress(int(line))
        errors.seek(0)
        said = errors.read().strip()
    if process.returncode:
        raise RuntimeError(said or f"the solver ended with {process.returncode}")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
