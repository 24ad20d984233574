"""One nonlinearity between two transforms, under random rotations of what comes in.

``block(z) = analysis(f(synthesis(z)))`` on a grid of `sampling` times the degree cut-off. On SO(3)
itself it commutes with every rotation; what it misses is the aliasing of that grid.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn.nonlinearity import Nonlinearity, activation
from gaugecnn.methods.s2cnn.spectral.fourier import Analysis, Synthesis
from gaugecnn.methods.s2cnn.spectral.fourier_grid import fourier_grid
from gaugecnn.methods.s2cnn.spectral.real_basis import unitary
from gaugecnn.methods.s2cnn.spectral.spectrum import degrees_of, parts_of
from gaugecnn.methods.s2cnn.spectral.wigner import wigner_matrices
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.surfaces.rotations import random_rotations

Spectrum = list[Tensor]
"""One ``(signal, channel, M, N)`` a degree, in real orders."""

SIGNALS, ROTATIONS = 4, 6
FACTORS = (1.0, 1.125, 1.25, 1.5, 1.75, 2.0, 3.0)
SIZES = (  # cut-off, orders, cut-off of the next stage; at last the stages of s2cnn_100k
    *((8, None, 8), (16, None, 16), (16, 2, 16)),
    *((24, 2, 18), (18, 2, 13), (13, 2, 10), (10, 2, 7), (7, 2, 5), (5, 2, 1)),
)


@dataclass(frozen=True)
class Block:
    """What is measured.

    Args:
        function: a `Nonlinearity`.
        cutoff: degrees below it.
        max_order: orders along gamma; None for all.
        kept: the degrees below it are those that the next stage takes.
        factor: bandwidth of the grid over the cut-off.
    """

    function: str
    cutoff: int
    max_order: int | None
    kept: int
    factor: float

    def measure(self) -> dict[str, float]:
        """Mean and largest error over rotations and signals, and milliseconds."""
        sampling = math.ceil(self.factor * self.cutoff - 1e-9)
        type_ = SO3Type(1, self.cutoff, sampling, self.max_order)
        analysis = Analysis(fourier_grid(type_, self.kept)).double()
        synthesis = Synthesis(fourier_grid(type_, self.cutoff)).double()
        function = activation(type_, Nonlinearity(self.function)).double()

        def block(z: Spectrum) -> Spectrum:
            return degrees_of(analysis(function(synthesis(parts_of(z)))))

        z = random_spectra(self.cutoff, type_.order)
        still = block(z)
        spread = norms(difference(still, [x.roll(1, 0) for x in still])).mean()  # of two signals
        errors = []
        for matrix in random_rotations(ROTATIONS, torch.Generator().manual_seed(1)):
            moved = block(rotate(z, matrix))
            errors.append(norms(difference(moved, rotate(still, matrix))) / spread)
        start = time.perf_counter()
        for _ in range(5):
            block(z)
        error = torch.stack(errors)
        return {
            "equivariance_error_mean": float(error.mean()),
            "equivariance_error_max": float(error.max()),
            "block_ms": 200 * (time.perf_counter() - start),
        }


def rows() -> Iterator[dict[str, Any]]:
    """The errors of every nonlinearity on every grid, one number a row."""
    for cutoff, max_order, kept in SIZES:
        model = f"degrees below {cutoff}, "
        model += "all orders" if max_order is None else f"orders to {max_order}"
        model += f", next below {kept}" if kept < cutoff else ""
        for name in Nonlinearity:
            for factor in FACTORS:
                print(f"{model}: {name}, {factor:g}", flush=True)
                for metric, value in Block(name, cutoff, max_order, kept, factor).measure().items():
                    yield {
                        "model": model,
                        "test_condition": f"{name}, sampling={factor:g}",
                        "metric": metric,
                        "value": f"{value:.4g}",
                        "dtype": "float64",
                    }


def random_spectra(cutoff: int, max_order: int) -> Spectrum:
    """Real signals of variance 1 with equal power in every degree, float64."""
    generator = torch.Generator().manual_seed(0)
    spectrum = []
    for degree in range(cutoff):
        size, orders = 2 * degree + 1, 2 * min(degree, max_order) + 1
        z = torch.randn(SIGNALS, 1, size, orders, generator=generator, dtype=torch.float64)
        power = z.square().sum((2, 3), keepdim=True)
        spectrum.append(z / (cutoff * size * power).sqrt())
    return spectrum


def rotate(z: Spectrum, matrix: Tensor) -> Spectrum:
    """``(L_R x)^l_MN = sum_M' D^l_MM'(R) x^l_M'N``, D in the real basis."""
    turned = []
    for degree, (d, x) in enumerate(zip(wigner_matrices(len(z), matrix), z, strict=True)):
        real = (unitary(degree) @ d @ unitary(degree).mH).real
        turned.append(real @ x)
    return turned


def difference(x: Spectrum, y: Spectrum) -> Spectrum:
    """One spectrum less another."""
    return [a - b for a, b in zip(x, y, strict=True)]


def norms(z: Spectrum) -> Tensor:
    """The root mean square over SO(3) of each signal, by Parseval, ``(signal, channel)``."""
    return sum((2 * l + 1) * x.square().sum((2, 3)) for l, x in enumerate(z)).sqrt()  # noqa: E741
