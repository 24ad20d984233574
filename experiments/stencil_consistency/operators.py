"""Anisotropy and error of the discrete operators, without any training, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from experiments.stencil_consistency.functions import Function, Harmonic, ShortWaves, Waves
from experiments.stencil_consistency.kernels import KERNELS, LENGTHS, Control, KernelChoice
from experiments.stencil_consistency.smooth import SHAPES, Smooth, answer, sphere
from gaugecnn.geometry.arrays import Array
from gaugecnn.geometry.loading import load_mesh
from gaugecnn.geometry.surface import Surface
from gaugecnn.ops.moments import Complex
from gaugecnn.ops.stencil import width
from gaugecnn.surfaces import Icosphere, TriangleMesh

MESHES = Path(__file__).parents[2] / "meshes"
LEVELS = (2, 3, 4, 5)
WAVES = (Waves(1.0), Waves(2.0))
HARMONICS = (Harmonic(6), Harmonic(3))  # of wavelengths 0.97 and 1.81
SHORT = (5.0, 3.0)
"""Lengths of waves in mean edges, on icospheres; no mesh can show less than two edges."""

SPHERE = Smooth(sphere)
PHASES = (0, 1, 2)
"""Those that the layer reads."""


def rows() -> Iterator[dict[str, Any]]:
    """The response of every kernel on every surface, one number a row."""
    for model, condition, metric, value in measured():
        where = {"model": model, "test_condition": condition, "metric": metric}
        yield {**where, "value": value, "dtype": "float64"}


def measured() -> Iterator[tuple[str, str, str, float]]:
    """Model, condition, metric and value of everything."""
    spheres = {n: Icosphere(n).surface for n in LEVELS}
    files = sorted(MESHES.glob("*.ply"))
    jobs: list[Path | int] = [*LEVELS, *files]
    for job in jobs:
        print(job, flush=True)
        if isinstance(job, int):
            short = (ShortWaves(edges, spheres[job].mean_edge) for edges in SHORT)
            functions = *HARMONICS, *WAVES, *short
            yield from of_surface(f"icosphere{job}", spheres[job], SPHERE, functions)
        else:
            surface = TriangleMesh.from_file(job).surface
            smooth = Smooth.through(SHAPES[job.stem], load_mesh(job)[0], surface.vertices)
            yield from of_surface(job.stem, surface, smooth, WAVES)
    for kernel in LENGTHS:
        yield from of_length(kernel, {n: spheres[n] for n in LEVELS[1:]})


def of_surface(
    name: str, surface: Surface, smooth: Smooth, functions: tuple[Function, ...]
) -> Iterator[tuple[str, str, str, float]]:
    """All kernels on one surface; away from its boundary too, if it has one."""
    yield "-", name, "mean_edge", surface.mean_edge
    yield "-", name, "vertices", len(surface)
    regions = {name: surface.areas}
    if surface.mesh.on_boundary.any():
        inner = away_from_boundary(surface, 3.3 * surface.mean_edge)
        regions[f"{name} inside"] = surface.areas * inner
    for kernel in KERNELS:
        if not isinstance(kernel.correction, Control):
            lowered = np.zeros(len(surface), dtype=bool)
            for phase in PHASES:
                lowered |= kernel.stencil(surface, phase).degree < kernel.degree
            for region, areas in regions.items():
                yield kernel.name, region, "degree_lowered", int(lowered[areas > 0].sum())
        unit = round(width(surface, kernel.radius(surface)), 12)  # one answer for many kernels
        for function in functions:
            field = function.values(surface.vertices)
            for phase in (1, 2) if isinstance(function, Waves) else PHASES:
                ideal = answer(function, smooth, surface, unit)[phase]
                found = response(kernel, surface, phase, field)
                for region, areas in regions.items():
                    condition = f"{region}, {function.name}"
                    for metric, value in deviations(found, ideal, areas).items():
                        yield kernel.name, condition, f"{metric}_order{phase}", value


def response(kernel: KernelChoice, surface: Surface, phase: int, field: Array) -> Complex:
    """What the stencil of a phase makes of a function ``(vertex,)``."""
    return kernel.stencil(surface, phase).of(field)


def deviations(found: Complex, ideal: Complex, areas: Array) -> dict[str, float]:
    """How far a response is from any multiple of the ideal one, and from itself.

    Relative, in the mean square over the surface.
    """

    def size(x: Complex) -> float:
        return float(np.sqrt((areas * np.abs(x) ** 2).sum()))

    factor = (areas * ideal.conj() * found).sum() / size(ideal) ** 2
    return {
        "anisotropy": size(found - factor * ideal) / size(factor * ideal),
        "error": size(found - ideal) / size(ideal),
    }


def of_length(
    kernel: KernelChoice, spheres: dict[int, Surface]
) -> Iterator[tuple[str, str, str, float]]:
    """A kernel of one length on ever finer icospheres: does it become one operator?

    The vertices of a level are the first ones of the next, with the same frames.
    """
    function, before = HARMONICS[0], None
    for level, surface in spheres.items():
        found = response(kernel, surface, 1, function.values(surface.vertices))
        ideal = answer(function, SPHERE, surface, width(surface, kernel.radius(surface)))[1]
        condition = f"icosphere{level}, {function.name}"
        for metric, value in deviations(found, ideal, surface.areas).items():
            yield kernel.name, condition, f"{metric}_order1", value
        lowered = int((kernel.stencil(surface, 1).degree < kernel.degree).sum())
        yield kernel.name, f"icosphere{level}", "degree_lowered", lowered
        if before is not None:
            coarse, old = before
            assert np.allclose(coarse.frames, surface.frames[: len(coarse)])
            change = deviations(old, found[: len(coarse)], coarse.areas)["error"]
            condition = f"icosphere{level - 1} to {level}, {function.name}"
            yield kernel.name, condition, "change_to_next_level", change
        before = surface, found


def away_from_boundary(surface: Surface, distance: float) -> np.ndarray:
    """Which vertices are farther from the boundary ``(vertex,)``."""
    on_boundary = surface.mesh.on_boundary
    pairs = surface.discs(distance)
    near = np.zeros(len(surface), dtype=bool)
    near[pairs.base[on_boundary[pairs.vertex]]] = True
    return ~(near | on_boundary)
