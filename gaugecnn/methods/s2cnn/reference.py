"""The three layers written as their sums, one degree at a time: slow, readable, for tests.

Every sum runs over all orders, positive and negative, with complete matrices
``D^l_mn(alpha, beta, gamma) = e^{-i m alpha} d^l_mn(beta) e^{-i n gamma}`` whose small d comes from
Wigner's own sum. Nothing is shared with the fast layers but the quadrature of the grid.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gaugecnn.layers import FeatureType
from gaugecnn.methods.s2cnn.grids import Grid
from gaugecnn.methods.s2cnn.rings import RingGrid, Rings
from gaugecnn.methods.s2cnn.types import GroupType, S2Type, SO3Type, SpinType, on_group
from gaugecnn.ops.products import circle_waves
from gaugecnn.surfaces.rotations import euler_angles


def wigner_sum(degree: int, beta: float) -> Tensor:
    """``d^l_mn(beta)`` by Wigner's sum, ``(2l+1, 2l+1)``, float64; accurate for small degrees.

    ``sum_s (-1)^{m-n+s} sqrt((l+m)! (l-m)! (l+n)! (l-n)!) / ((l+n-s)! s! (m-n+s)! (l-m-s)!)
    cos(beta/2)^{2l+n-m-2s} sin(beta/2)^{m-n+2s}``.

    Source: Wigner 1931; Sakurai, Modern Quantum Mechanics, equation (3.8.33).
    """
    f, l = math.factorial, degree  # noqa: E741
    c, s = math.cos(beta / 2), math.sin(beta / 2)
    d = torch.zeros(2 * l + 1, 2 * l + 1, dtype=torch.float64)
    for m in range(-l, l + 1):
        for n in range(-l, l + 1):
            root = math.sqrt(f(l + m) * f(l - m) * f(l + n) * f(l - n))
            for t in range(max(0, n - m), min(l + n, l - m) + 1):
                below = f(l + n - t) * f(t) * f(m - n + t) * f(l - m - t)
                power = c ** (2 * l + n - m - 2 * t) * s ** (m - n + 2 * t)
                d[l + m, l + n] += (-1) ** (m - n + t) * root / below * power
    return d


def wigner_matrix(degree: int, alpha: float, beta: float, gamma: float) -> Tensor:
    """``D^l_mn = e^{-i m alpha} d^l_mn(beta) e^{-i n gamma}``, ``(2l+1, 2l+1)``, complex128."""
    orders = torch.arange(-degree, degree + 1, dtype=torch.float64)
    left, right = torch.exp(-1j * orders * alpha), torch.exp(-1j * orders * gamma)
    return left[:, None] * wigner_sum(degree, beta) * right


def so3_spectrum(x: Tensor, degree: int) -> Tensor:
    """``x^l_mn = sum w_j x D^l_mn`` of ``(batch, channel, beta, alpha, gamma)``, all m and n.

    Returns:
        ``(batch, channel, m, n)``, complex.
    """
    rings, gamma_points = RingGrid.of_shape(*x.shape[2:4]), x.shape[4]
    size = x.shape[3]
    weights, betas = rings.weights() / size, rings.colatitudes()
    orders = torch.arange(-degree, degree + 1, dtype=torch.float64)
    at_alpha = _waves(orders, size).to(x.dtype.to_complex())  # (order, alpha)
    at_gamma = _waves(orders, gamma_points).to(x.dtype.to_complex())  # (order, gamma)
    total = torch.zeros((), dtype=x.dtype)
    for j in range(rings.count):
        ring = torch.einsum("bcag,ma,ng->bcmn", x[:, :, j].to(at_alpha), at_alpha, at_gamma)
        total = total + weights[j] / gamma_points * wigner_sum(degree, float(betas[j])) * ring
    return total


def so3_signal(spectra: list[Tensor], grid: RingGrid, gamma_points: int) -> Tensor:
    """``x = sum_l (2l + 1) sum_mn x^l_mn conj(D^l_mn)`` of one ``(batch, channel, m, n)`` a degree.

    Returns:
        ``(batch, channel, beta, alpha, gamma)``, complex: a real signal is for the caller to check.
    """
    size, betas = 2 * grid.bandwidth, grid.colatitudes()
    rings = []
    for j in range(grid.count):
        ring = torch.zeros(())
        for degree, z in enumerate(spectra):
            orders = torch.arange(-degree, degree + 1, dtype=torch.float64)
            at_alpha = _waves(orders, size).conj().to(z.dtype)
            at_gamma = _waves(orders, gamma_points).conj().to(z.dtype)
            z = (2 * degree + 1) * z * wigner_sum(degree, float(betas[j])).to(z.dtype)
            ring = ring + torch.einsum("bcmn,ma,ng->bcag", z, at_alpha, at_gamma)
        rings.append(ring)
    return torch.stack(rings, dim=2)


def kernel_spectrum(kernel: Tensor, grid: Grid, degree: int) -> Tensor:
    """``y^l_nk = sum_g k_g D^l_nk(g)`` of ``(in, out, point)``; points on the sphere have gamma 0.

    Returns:
        ``(in, out, n, k)``, complex; on the sphere only the column k = 0 has a meaning.
    """
    total = torch.zeros(())
    for g, (beta, alpha, *gamma) in enumerate(grid.tolist()):
        wigner = wigner_matrix(degree, alpha, beta, gamma[0] if gamma else 0.0)
        total = total + kernel[:, :, g, None, None] * wigner.to(kernel.dtype.to_complex())
    return total


def s2_conv(x: Tensor, kernel: Tensor, grid: Grid, bandwidths: tuple[int, int]) -> list[Tensor]:
    """``z^l_mn = x^l_m conj(y^l_n)`` of ``(batch, in, beta, alpha)``, scaled as the layer scales.

    Returns:
        one ``(batch, out, m, n)`` a degree; `so3_signal` makes the feature of it.
    """
    b_in, b_out = bandwidths
    scale = 1 / math.sqrt(len(grid) * x.shape[1] * b_out**4 / b_in**2)
    spectra = []
    for degree in range(min(b_in, b_out)):
        signal = so3_spectrum(x.unsqueeze(-1), degree)[..., degree]  # (batch, in, m)
        y = 2 * b_out * scale * kernel_spectrum(kernel, grid, degree)[..., degree]  # (in, out, n)
        spectra.append(torch.einsum("bim,ion->bomn", signal, y.conj()))
    return spectra


def so3_conv(
    x: Tensor, kernel: Tensor, grid: Grid, bandwidths: tuple[int, int], max_order: int | None
) -> list[Tensor]:
    """``z^l_mn = sum_k x^l_mk conj(y^l_nk)``, scaled as the layer scales.

    Returns:
        one ``(batch, out, m, n)`` a degree.
    """
    b_in, b_out = bandwidths
    scale = 1 / math.sqrt(len(grid) * x.shape[1] * b_out**3 / b_in**3)
    spectra = []
    for degree in range(min(b_in, b_out)):
        signal = cut_orders(so3_spectrum(x, degree), max_order)  # (batch, in, m, k)
        y = scale * kernel_spectrum(kernel, grid, degree)  # (in, out, n, k)
        spectra.append(torch.einsum("bimk,ionk->bomn", signal, y.conj()))
    return spectra


def so3_to_s2(z: list[Tensor]) -> list[Tensor]:
    """The product of `so3_conv` summed over even n and put at n = 0, ``(batch, out, m, n)``."""
    spectra = []
    for degree, product in enumerate(z):
        summed = torch.zeros_like(product)
        for n in range(-degree, degree + 1):
            if n % 2 == 0:
                summed[..., degree] += product[..., degree + n]
        spectra.append(summed)
    return spectra


def cut_orders(spectrum: Tensor, max_order: int | None) -> Tensor:
    """A spectrum ``(..., n)`` without the orders above `max_order`."""
    degree = spectrum.shape[-1] // 2
    if max_order is None:
        return spectrum
    orders = torch.arange(-degree, degree + 1)
    return spectrum * (orders.abs() <= max_order)


def spectra_of(x: Tensor, type_: FeatureType) -> list[Tensor]:
    """The spectra of a feature in all degrees and orders of its type.

    Returns:
        one ``(batch, channel, m, n)`` a degree; on the sphere only n = 0.
    """
    type_ = _on_grid(type_)
    order = type_.order if isinstance(type_, GroupType) else 0
    if isinstance(type_, SpinType):
        x = x @ circle_waves(order, 2 * order + 2).to(x)
    elif isinstance(type_, S2Type):
        x = x.unsqueeze(-1)  # one gamma
    return [cut_orders(so3_spectrum(x, degree), order) for degree in range(type_.bandwidth)]


def signal_of(spectra: list[Tensor], type_: FeatureType) -> Tensor:
    """The real feature of spectra, on the grid of its type."""
    type_ = _on_grid(type_)
    if isinstance(type_, SO3Type):
        return so3_signal(spectra, type_.rings, type_.gamma_points).real
    if isinstance(type_, SpinType):
        waves = circle_waves(type_.order, 2 * type_.order + 2)
        x = so3_signal(spectra, type_.rings, waves.shape[1]).real
        return x @ waves.T.to(x) / waves.shape[1]
    return so3_signal(spectra, RingGrid(Rings.equiangular, type_.bandwidth), 1).real[..., 0]


def rotate(spectra: list[Tensor], matrix: Tensor) -> list[Tensor]:
    """``(L_R x)^l_mn = sum_m' D^l_mm'(R) x^l_m'n``, one ``(batch, channel, m, n)`` a degree."""
    angles = [float(angle) for angle in euler_angles(matrix)]
    wigners = [wigner_matrix(degree, *angles) for degree in range(len(spectra))]
    return [torch.einsum("pm,bcmn->bcpn", d, z) for d, z in zip(wigners, spectra, strict=True)]


def _on_grid(type_: FeatureType) -> S2Type | GroupType:
    return type_ if isinstance(type_, S2Type) else on_group(type_)


def _waves(orders: Tensor, points: int) -> Tensor:
    """``e^{-i order angle}`` at `points` angles about the circle, ``(order, angle)``."""
    angles = 2 * math.pi * torch.arange(points, dtype=torch.float64) / points
    return torch.exp(-1j * torch.outer(orders, angles))
