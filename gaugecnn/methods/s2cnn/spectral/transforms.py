"""Signals to spectra and back, and rotations of spectra: the transforms, for use on their own.

A spectrum here is a list of one complex tensor ``(batch, channel, m, n)`` a degree l, with the
orders ``m = -l .. l`` and ``n = -k .. k``, k the lesser of l and the largest order of the type. On
the sphere only n = 0 exists. (Layers hold spectra in a form that multiplies faster, see
`spectrum`.)

    >>> import math, torch
    >>> from gaugecnn.methods.s2cnn import S2Type, SpectralTransform, rotate_spectrum
    >>> from gaugecnn.surfaces import LatLonGrid
    >>> grid = LatLonGrid(bandwidth=4)
    >>> x, y, z = grid.points.T.unflatten(1, grid.shape)  # (beta, alpha) each
    >>> transform = SpectralTransform(S2Type(channels=1, bandwidth=4)).double()
    >>> spectrum = transform(z[None, None])  # of (batch, channel, beta, alpha)
    >>> [tuple(part.shape) for part in spectrum]  # (batch, channel, m, n) a degree
    [(1, 1, 1, 1), (1, 1, 3, 1), (1, 1, 5, 1), (1, 1, 7, 1)]
    >>> round(float(spectrum[1][0, 0, 1, 0].real), 6)  # the mean of z^2
    0.333333
    >>> quarter_turn_about_y = torch.tensor([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # z to x
    >>> turned = rotate_spectrum(spectrum, quarter_turn_about_y)
    >>> torch.allclose(transform.inverse(turned)[0, 0], x)
    True
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gaugecnn.methods.s2cnn.along_gamma import Samples
from gaugecnn.methods.s2cnn.spectral.fourier import Analysis, Synthesis
from gaugecnn.methods.s2cnn.spectral.fourier_grid import FourierGrid, fourier_grid
from gaugecnn.methods.s2cnn.spectral.real_basis import unitary
from gaugecnn.methods.s2cnn.spectral.spectrum import degrees_of, parts_of
from gaugecnn.methods.s2cnn.spectral.wigner import wigner_matrices
from gaugecnn.methods.s2cnn.types import GroupType, S2Type

Spectrum = list[Tensor]
"""One ``(batch, channel, m, n)`` a degree, complex."""


class SpectralTransform(nn.Module):
    """The Fourier transform of signals on the sphere or on SO(3), and its inverse.

    ``x^l_mn = mean over SO(3) of x D^l_mn``, ``x = sum_l (2l + 1) sum_mn x^l_mn conj(D^l_mn)``,
    ``D^l_mn(alpha, beta, gamma) = e^{-i m alpha} d^l_mn(beta) e^{-i n gamma}``. Both are exact for
    signals of the degrees and orders of the type. On the sphere ``x^l_m0`` is the coefficient of
    the orthonormal harmonic ``Y_lm``, with the phases of Condon and Shortley, divided by
    ``sqrt(4 pi (2l + 1))``.

    It is differentiable, and moves and changes its precision as any module does. The example above
    is on the sphere; on SO(3) it is the same with an `SO3Type`, or a `SpinType`:

        >>> from gaugecnn.methods.s2cnn import SO3Type
        >>> type_ = SO3Type(channels=2, bandwidth=3, sampling=4, max_order=1)
        >>> transform = SpectralTransform(type_)
        >>> spectrum = transform(torch.randn(5, *type_.shape))
        >>> [tuple(part.shape) for part in spectrum]
        [(5, 2, 1, 1), (5, 2, 3, 3), (5, 2, 5, 3)]
        >>> transform.inverse(spectrum).shape == (5, *type_.shape)
        True

    Args:
        type_: of the signal, with its grid: `S2Type`, `SO3Type` or `SpinType`.

    Source: Cohen et al. 2018, section 4; Kostelec & Rockmore 2008.
    """

    def __init__(self, type_: S2Type | GroupType) -> None:
        super().__init__()
        self.type_in = type_
        self.grid = _grid(type_)
        self.analysis, self.synthesis = Analysis(self.grid), Synthesis(self.grid)

    def forward(self, x: Tensor) -> Spectrum:
        """The spectrum of signals ``(batch, *type_in.shape)``."""
        x = x.unsqueeze(-1) if isinstance(self.type_in, S2Type) else x  # one gamma
        spectrum = []
        for degree, part in enumerate(degrees_of(self.analysis(x))):  # (batch, channel, M, N)
            left, right = _bases(degree, part)
            spectrum.append(left.mH @ part.to(left.dtype) @ right)
        return spectrum

    def inverse(self, spectrum: Sequence[Tensor]) -> Tensor:
        """The signals ``(batch, *type_in.shape)`` of a spectrum.

        Signals are real: of a spectrum that is not a real signal's, the real part is taken.

        Raises:
            ValueError: it has other degrees or orders than the type.
        """
        self._check(spectrum)
        degrees = []
        for degree, part in enumerate(spectrum):
            left, right = _bases(degree, part)
            real = (left @ part.to(left.dtype) @ right.mH).real
            degrees.append(real.to(self.synthesis.matrix.dtype))
        x: Tensor = self.synthesis(parts_of(degrees))
        return x.squeeze(-1) if isinstance(self.type_in, S2Type) else x

    def _check(self, spectrum: Sequence[Tensor]) -> None:
        top = self.grid.max_order
        orders = [(2 * l + 1, 2 * min(l, top) + 1) for l in range(self.grid.cutoff)]  # noqa: E741
        given = [tuple(part.shape[2:]) for part in spectrum]
        if given != orders:
            raise ValueError(f"expected orders (m, n) = {orders} of {self.type_in}, got {given}")

    def extra_repr(self) -> str:
        return str(self.type_in)


def rotate_spectrum(spectrum: Sequence[Tensor], rotation: Tensor) -> Spectrum:
    """The spectrum of rotated signals, ``(L_R x)(Q) = x(R^-1 Q)``: exact, whatever the rotation.

    ``(L_R x)^l_mn = sum_k D^l_mk(R) x^l_kn``.

    Args:
        spectrum: one ``(batch, channel, m, n)`` a degree.
        rotation: the matrix R ``(3, 3)``.

    Raises:
        ValueError: a degree has other orders m than ``-l .. l``.
    """
    for degree, part in enumerate(spectrum):
        if part.shape[2] != 2 * degree + 1:
            raise ValueError(
                f"expected {2 * degree + 1} orders m of degree {degree}, got {part.shape[2]}"
            )
    matrices = wigner_matrices(len(spectrum), rotation)
    pairs = zip(matrices, spectrum, strict=True)
    return [torch.einsum("mk,bckn->bcmn", d.to(part), part) for d, part in pairs]


def _grid(type_: S2Type | GroupType) -> FourierGrid:
    """The grid of a type, of which all degrees and orders are taken."""
    if isinstance(type_, S2Type):
        return FourierGrid(type_.bandwidth, 0, type_.bandwidth, Samples(1))
    return fourier_grid(type_, type_.bandwidth)


def _bases(degree: int, part: Tensor) -> tuple[Tensor, Tensor]:
    """From complex to real orders of a degree ``(batch, channel, m, n)``, on the left and right."""
    whole = unitary(degree).to(part.device, torch.promote_types(part.dtype, torch.complex64))
    top = part.shape[3] // 2
    return whole, whole[: 2 * top + 1, degree - top : degree + top + 1]
