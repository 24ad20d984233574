"""The real basis of Wigner's functions, in which a spectrum and a product of spectra are real.

The spectrum ``x^l_mn`` of a real signal on SO(3) repeats itself, ``x^l_{-m,-n} = (-1)^{m-n}
conj(x^l_mn)``. With the unitary matrix U from the orders -l .. l to the *real orders* 0, cos 1,
sin 1, cos 2, sin 2, ..

    (U v)_0 = v_0,  (U v)_cos m = ((-1)^m v_m + v_{-m}) / sqrt(2),
    (U v)_sin m = ((-1)^m v_m - v_{-m}) / (i sqrt(2)),

all of it is said once by the real numbers ``r^l = U x^l U^*``, and a convolution, ``z^l = x^l
(y^l)^*``, is ``r_z = r_x r_y^T``: half the multiplications of complex numbers with m >= 0. For
m, n > 0, with ``P = (-1)^{m+n} x_mn`` and ``Q = (-1)^m x_{m,-n}``,

    r_cos,cos = Re P + Re Q,    r_sin,sin = Re P - Re Q,
    r_sin,cos = Im P + Im Q,    r_cos,sin = Im Q - Im P;

where m or n is 0 the sines are 0, and the rest has factors of sqrt(2): `phases`.

Source: Blanco, Florez & Bermejo 1997, rotation matrices in the basis of real spherical harmonics.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def unitary(degree: int) -> Tensor:
    """U, ``(real order, order)``, complex128."""
    size = 2 * degree + 1
    re, im = torch.zeros(2, size, size, dtype=torch.float64)
    m = torch.arange(1, degree + 1)
    half = math.sqrt(0.5)
    sign = half * (1.0 - 2.0 * (m % 2).double())
    re[0, degree] = 1.0
    re[2 * m - 1, degree + m], re[2 * m - 1, degree - m] = sign, torch.full_like(sign, half)
    im[2 * m, degree + m], im[2 * m, degree - m] = -sign, torch.full_like(sign, half)
    return torch.complex(re, im)


def signed(max_order: int) -> list[int]:
    """Orders n in the order of the real ones: 0, 1, -1, 2, -2, .."""
    return [0, *(n for order in range(1, max_order + 1) for n in (order, -order))]


def phases(cutoff: int, max_order: int) -> Tensor:
    """What ``x^l_mn`` is multiplied by to give P and Q, ``(m >= 0, signed n)``, float64.

    The signs of the module's text, and the factors of m or n = 0: P is then the one number from
    which ``r_cos,0 = Re P`` and ``r_sin,0 = Im P`` come, and Q repeats P where m = 0.
    """
    m = torch.arange(cutoff)[:, None]
    n = torch.tensor(signed(max_order))
    sign = 1.0 - 2.0 * ((m + n.clamp_min(0)) % 2).double()
    scale = torch.ones_like(sign)
    scale[1:, 0] = math.sqrt(2)
    scale[0, 1:] = math.sqrt(0.5)
    return sign * scale


def real_column(z: Tensor) -> Tensor:
    """The real orders of a column n = 0, ``Re P`` and ``Im P`` of the module's text.

    Args:
        z: ``x^l_m0``, ``(degree, m >= 0, point)``, complex.

    Returns:
        ``(degree, M, point)``.
    """
    parts = torch.view_as_real(phases(z.shape[1], 0) * z)  # (degree, m, point, re/im)
    return without_sine_of_0(parts.movedim(3, 2).flatten(1, 2), 1)


def real_functions(d: Tensor) -> Tensor:
    """The real Wigner functions of real orders N and K, as two waves with factors of beta.

    With ``E = (-1)^{n+k} d_nk + (-1)^n d_{n,-k}``, ``O = (-1)^{n+k} d_nk - (-1)^n d_{n,-k}``,

        D_cos,cos = E cos cos - O sin sin,    D_sin,sin = O cos cos - E sin sin,
        D_sin,cos = -E sin cos - O cos sin,   D_cos,sin = O sin cos + E cos sin,

    of ``n alpha`` and ``k gamma``, and a factor sqrt(1/2) for each of n and k that is 0; the waves
    are those of `real_waves`.

    Args:
        d: ``d^l_nk``, ``(degree, n >= 0, k from -max to max, beta)``.

    Returns:
        ``(N, K, degree, wave = 2, beta)``.
    """
    n, top = torch.arange(d.shape[1])[:, None], d.shape[2] // 2
    k = torch.arange(top + 1)
    sign_n, sign_k = (1.0 - 2.0 * (order % 2).double() for order in (n, k))
    scale = math.sqrt(0.5) ** ((n == 0).double() + (k == 0))
    plus = (scale * sign_n * sign_k)[..., None] * d[:, :, top:]
    minus = (scale * sign_n).expand_as(scale)[..., None] * d[:, :, : top + 1].flip(2)
    even, odd = plus + minus, plus - minus  # (degree, n, k, beta)
    cos = torch.stack([torch.stack([even, -odd]), torch.stack([odd, even])])  # (K, wave, ..)
    sin = torch.stack([torch.stack([-even, -odd]), torch.stack([odd, -even])])
    table = torch.stack([cos, sin]).permute(4, 0, 5, 1, 3, 2, 6)  # (n, N, k, K, degree, wave, beta)
    return without_sine_of_0(without_sine_of_0(table.flatten(2, 3).flatten(0, 1), 0), 1)


def real_waves(order_n: int, order_k: int, alpha: Tensor, gamma: Tensor) -> Tensor:
    """The waves of `real_functions`, ``(N, K, wave = 2, point)``, float64.

    ``cos cos`` and ``sin sin`` of ``n alpha`` and ``k gamma`` where N and K are both cosines or
    both sines, ``sin cos`` and ``cos sin`` elsewhere.
    """
    a = torch.outer(torch.arange(order_n + 1, dtype=torch.float64), alpha)[:, None]  # (n, 1, point)
    b = torch.outer(torch.arange(order_k + 1, dtype=torch.float64), gamma)  # (k, point)
    same = torch.stack([a.cos() * b.cos(), a.sin() * b.sin()], 2)  # (n, k, wave, point)
    other = torch.stack([a.sin() * b.cos(), a.cos() * b.sin()], 2)
    cos, sin = torch.stack([same, other], 2), torch.stack([other, same], 2)  # (n, k, K, ..)
    table = torch.stack([cos, sin], 1)  # (n, N, k, K, wave, point)
    return without_sine_of_0(without_sine_of_0(table.flatten(2, 3).flatten(0, 1), 0), 1)


def without_sine_of_0(table: Tensor, axis: int) -> Tensor:
    """The real orders 0, cos 1, .. of an axis that holds cos 0, sin 0, cos 1, .."""
    first, _, others = table.tensor_split([1, 2], dim=axis)
    return torch.cat([first, others], dim=axis)
