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

from gaugecnn.methods.s2cnn.fourier import Analysis, Synthesis
from gaugecnn.methods.s2cnn.fourier_grid import fourier_grid
from gaugecnn.methods.s2cnn.nonlinearity import Nonlinearity, activation
from gaugecnn.methods.s2cnn.spectrum import pieces_of, whole
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.methods.s2cnn.wigner import small_d
from gaugecnn.surfaces.rotations import euler_angles, random_rotations

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

        def block(z: Tensor) -> Tensor:
            return whole(analysis(function(synthesis(pieces_of(z)))))

        z = random_spectra(self.cutoff, type_.order)
        still = block(z)
        spread = norms(still - still.roll(1, dims=4)).mean()  # between two signals
        errors = []
        for matrix in random_rotations(ROTATIONS, torch.Generator().manual_seed(1)):
            errors.append(norms(block(rotate(z, matrix)) - rotate(still, matrix)) / spread)
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


def random_spectra(cutoff: int, max_order: int) -> Tensor:
    """Real signals of variance 1 with equal power in every degree.

    Returns:
        ``(m, n, degree, re/im, signal, channel = 1)``, float64.
    """
    generator = torch.Generator().manual_seed(0)
    shape = (cutoff, 2 * max_order + 1, cutoff, SIGNALS, 1)
    noise = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    m = torch.arange(cutoff)[:, None, None]
    n = torch.arange(-max_order, max_order + 1)[:, None]
    degree = torch.arange(cutoff)
    inside = (degree >= torch.maximum(m, n.abs())).double()[..., None, None]
    z = torch.complex(noise[0], noise[1]) * inside
    sign = (1.0 - 2.0 * (n % 2)).double()[..., None, None]
    z[0] = (z[0] + sign * z[0].flip(0).conj()) / 2  # x_{0,-n} = (-1)^n conj(x_0n)
    spectrum = torch.view_as_real(z).movedim(-1, 3)
    power = spectrum.square().sum((0, 1, 3), keepdim=True)
    dimension = (2 * degree + 1).double()[:, None, None, None]
    return spectrum / (2 * cutoff * dimension * power.clamp_min(1e-300)).sqrt()


def rotate(z: Tensor, matrix: Tensor) -> Tensor:
    """``(L_R x)^l_mn = sum_m' D^l_mm'(R) x^l_m'n``, laid out as `random_spectra` gives it."""
    cutoff = len(z)
    alpha, beta, gamma = (float(angle) for angle in euler_angles(matrix))
    orders = range(-(cutoff - 1), cutoff)
    m = torch.tensor(orders, dtype=torch.float64)
    d = small_d(cutoff, orders, orders, (beta,))[..., 0].to(torch.complex128)  # (degree, m, m')
    d = torch.exp(-1j * m * alpha)[:, None] * d * torch.exp(-1j * m * gamma)
    x = torch.view_as_complex(z.movedim(3, -1).contiguous())  # (m, n, degree, signal, channel)
    n = torch.arange(x.shape[1]) - x.shape[1] // 2
    sign = 1.0 - 2.0 * ((torch.arange(1, cutoff)[:, None] - n) % 2)
    mirrored = sign[..., None, None, None] * x[1:].flip(1).conj()  # x_{-m,n}, m = 1 ..
    whole = torch.cat([mirrored.flip(0), x])
    turned = torch.einsum("lpm,mnlbc->pnlbc", d, whole)[cutoff - 1 :]
    return torch.view_as_real(turned).movedim(-1, 3)


def norms(z: Tensor) -> Tensor:
    """The root mean square over SO(3) of each signal, by Parseval."""
    weights = torch.full((len(z), 1, 1), 2.0, dtype=z.dtype)
    weights[0] = 1.0
    weights = weights * (2 * torch.arange(z.shape[2]) + 1)
    return (z.square().sum((3, 5)) * weights[..., None]).sum((0, 1, 2)).sqrt()
