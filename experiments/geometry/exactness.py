"""Discs against exact polyhedral geodesics: what other programs and closed forms say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from experiments.geometry.shapes import CLOSED, FLAT, Mesh, holed
from experiments.geometry.witness import Witness
from gaugecnn.geometry.discs import Discs, wrapped
from gaugecnn.geometry.loading import load_mesh
from gaugecnn.geometry.repair import Repair, mended
from gaugecnn.surfaces import Icosphere

Numbers = dict[str, float]
"""What is found on one surface within one radius, by metric."""

BASES, LINES = 24, 400
"""Vertices around which distances are compared, and pairs of which directions are."""

ROOT = Path(__file__).parents[2]


def rows(places: list[str]) -> Iterator[dict[str, Any]]:
    """Errors of every surface within every radius, a number a row; see `surfaces` for `places`."""
    for surface, make in surfaces(places).items():
        for radius, found in compared(surface, make()):
            print(f"{surface}, {radius}: {found}", flush=True)
            where = {"model": f"discs of {radius}", "test_condition": surface, "dtype": "float64"}
            for metric, value in found.items():
                yield {**where, "metric": metric, "value": value}


def sphere() -> Mesh:
    """The inscribed polyhedron of level 3, as a mesh like any other."""
    surface = Icosphere(3).surface
    return surface.vertices, surface.faces


def surfaces(places: list[str]) -> dict[str, Callable[[], Mesh]]:
    """All surfaces that are compared; with two of RNA where ``data.root=`` has them."""
    found: dict[str, Callable[[], Mesh]] = {
        f"flat square {name}": make for name, make in FLAT.items()
    }
    torus = lambda: load_mesh(ROOT / "meshes" / "torus.ply")  # noqa: E731
    for name, make in {
        "square with a hole": holed,
        "sphere": sphere,
        **CLOSED,
        "torus.ply": torus,
    }.items():
        found[name] = lambda make=make: shaken(make())
    return found | molecules(places)


def shaken(mesh: Mesh) -> Mesh:
    """A mesh without symmetries, so that no two ways are equally long."""
    vertices, faces = mesh
    step = np.linalg.norm(vertices[faces[:, 0]] - vertices[faces[:, 1]], axis=1).mean()
    return vertices + 0.01 * step * np.random.default_rng(3).normal(size=vertices.shape), faces


def molecules(places: list[str]) -> dict[str, Callable[[], Mesh]]:
    """Two surfaces of the RNA segmentation set (Poulenard et al. 2019), mended, where they are."""
    roots = [Path(place.partition("=")[2]) for place in places if place.startswith("data.root=")]
    found: dict[str, Callable[[], Mesh]] = {}
    for name in ("1KD1_B", "1VY5_DB"):
        for file in (root / "RNA" / "off" / f"{name}.off" for root in roots):
            if file.is_file():
                found[f"RNA {name}"] = lambda file=file: repaired(file)
    return found


def repaired(file: Path) -> Mesh:
    """The mesh of a file of the wild."""
    found = mended(file.stem, *load_mesh(file), Repair.safe)
    return found.vertices, found.faces


def compared(name: str, mesh: Mesh) -> Iterator[tuple[str, Numbers]]:
    """Errors within 2.3 mean edges, within 1.0 on a surface of area 4 pi, and farther."""
    vertices, faces = mesh
    a, b, c = vertices[faces].swapaxes(0, 1)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    vertices = (vertices - vertices.mean(axis=0)) * math.sqrt(4 * math.pi / area)
    witness = Witness(vertices, faces)
    edge = float(witness.tangent.ring.length.mean())
    for label, radius in (("2.3 edges", 2.3 * edge), ("1.0", 1.0), ("pi over 2", math.pi / 2)):
        yield label, _errors(witness, radius, f"{name}, {label}")


def _errors(witness: Witness, radius: float, title: str) -> Numbers:
    random = np.random.default_rng(0)
    count = len(witness.tangent.frames)
    bases = np.sort(random.permutation(count)[:BASES])
    found = witness.tangent.discs(radius, bases)
    distances, missing = np.zeros(len(found)), 0
    for base in bases.tolist():
        expected, own = witness.distances(base), found.base == base
        if title.startswith("flat"):  # the other program fails on clusters
            expected = np.linalg.norm(witness.vertices - witness.vertices[base], axis=1)
        distances[own] = np.abs(found.distance[own] / expected[found.vertex[own]] - 1)
        near = (expected < radius * (1 - 1e-9)) & (expected > 0)
        missing += len(np.setdiff1d(np.flatnonzero(near), found.vertex[own]))
    straight, bent = (_directions(witness, found, which, random) for which in (False, True))
    largest = lambda values: float(np.max(values, initial=0.0))  # noqa: E731
    return {
        "pairs": len(found),
        "pairs_in_shadows": int(found.bent.sum()),
        "pairs_of_two_directions": missing,
        "distance_error_max": largest(distances[~found.bent]),
        "direction_error_max": largest(straight),
        "direction_error_q99": float(np.quantile(straight, 0.99)),
        "shadow_distance_error_q99": float(np.quantile(distances[found.bent], 0.99))
        if found.bent.any()
        else 0.0,
        "shadow_direction_error_q99": float(np.quantile(bent, 0.99)) if len(bent) else 0.0,
    }


def _directions(
    witness: Witness, found: Discs, bent: bool, random: np.random.Generator
) -> np.ndarray:
    """Errors of the directions at both ends, in radians, where the witness finds the same line."""
    errors = []
    for i in random.permutation(np.flatnonzero(found.bent == bent))[:LINES]:
        line = witness.geodesic(int(found.base[i]), int(found.vertex[i]))
        if line is None or abs(line.length / found.distance[i] - 1) > 1e-13:
            continue
        arrives = found.angle[i] - found.transport[i] - math.pi
        errors += [found.angle[i] - line.leaves, arrives - line.arrives]
    return np.abs(wrapped(np.array(errors)))
