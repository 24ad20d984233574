"""Wigner's small d functions, in float64, for all degrees below a cut-off at once."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from gaugecnn.disk_cache import cached_table
from gaugecnn.surfaces.rotations import euler_angles

WORTH_A_FILE = 1 << 18
"""Tables of more numbers than this are kept on disk; smaller ones are built as fast as read."""


@lru_cache(maxsize=4)
def small_d(cutoff: int, m: range, n: range, betas: tuple[float, ...]) -> Tensor:
    """``d^l_mn(beta)`` for ``l < cutoff``, zero where ``l < max(|m|, |n|)``.

    The recursion in the degree starts at ``l = max(|m|, |n|)`` and is stable upwards:

    ``d^{l+1} = [(l+1)(2l+1)(cos(beta) - mn / l(l+1)) d^l - (l+1)/l r_l d^{l-1}] / r_{l+1}``
    with ``r_l = sqrt((l^2 - m^2)(l^2 - n^2))``.

    Args:
        cutoff: number of degrees, l = 0 .. cutoff - 1.
        m: the consecutive orders of the first index.
        n: the consecutive orders of the second index.
        betas: angles in radians.

    Returns:
        ``(degree, m, n, beta)``, float64, shared between callers: not to be written to.

    Source: Kostelec & Rockmore 2008, equation (14), without their normalisation.
    """
    degree = torch.arange(cutoff)[:, None, None]
    first = torch.maximum(torch.tensor(m).abs()[:, None], torch.tensor(n).abs())  # (m, n)
    inside = degree >= first  # (degree, m, n)

    def entries() -> Tensor:
        return _recursion(cutoff, m, n, betas)[inside]  # (entry, beta)

    if inside.numel() * len(betas) <= WORTH_A_FILE:
        packed = entries()
    else:
        angles = " ".join(beta.hex() for beta in betas)
        packed = cached_table(f"small d: l < {cutoff}, m in {m}, n in {n}, beta: {angles}", entries)
    table = torch.zeros(*inside.shape, len(betas), dtype=torch.float64)
    table[inside] = packed
    return table


def wigner_matrices(cutoff: int, rotation: Tensor) -> list[Tensor]:
    """``D^l_mn(R) = e^{-i m alpha} d^l_mn(beta) e^{-i n gamma}`` for ``l < cutoff``.

    Args:
        cutoff: number of degrees.
        rotation: the matrix ``R = R(alpha, beta, gamma)``, ``(3, 3)``.

    Returns:
        one ``(m, n)`` a degree, complex128, m and n from -l to l.
    """
    alpha, beta, gamma = euler_angles(rotation.detach().double().cpu())
    orders = range(1 - cutoff, cutoff)
    d = _recursion(cutoff, orders, orders, (float(beta),))[..., 0]  # (degree, m, n)
    waves = torch.tensor(orders, dtype=torch.float64)
    left, right = torch.exp(-1j * waves * alpha), torch.exp(-1j * waves * gamma)
    whole = left[:, None] * d * right
    middle = cutoff - 1
    inside = [slice(middle - degree, middle + degree + 1) for degree in range(cutoff)]
    return [whole[degree, those, those] for degree, those in enumerate(inside)]


def _recursion(cutoff: int, m: range, n: range, betas: tuple[float, ...]) -> Tensor:
    """The table of `small_d`, computed."""
    beta = torch.tensor(betas, dtype=torch.float64)
    order_m = torch.tensor(m, dtype=torch.float64)[:, None, None]  # (m, 1, 1)
    order_n = torch.tensor(n, dtype=torch.float64)[:, None]  # (n, 1)
    first = torch.maximum(order_m.abs(), order_n.abs())
    start = _first_degree(order_m, order_n, beta)  # (m, n, beta)

    table = torch.zeros(cutoff, len(m), len(n), len(betas), dtype=torch.float64)
    previous, current = torch.zeros_like(start), torch.zeros_like(start)
    for degree in range(cutoff):
        previous, current = current, _step(degree - 1, order_m, order_n, beta, current, previous)
        current = torch.where(first == degree, start, current)
        table[degree] = current
    return table


def _first_degree(m: Tensor, n: Tensor, beta: Tensor) -> Tensor:
    """``d^l_mn(beta)`` at ``l = max(|m|, |n|)``, where it is one product, ``(m, n, beta)``.

    ``sign sqrt((2l)! / p! q!) sin(beta/2)^p cos(beta/2)^q``, p = |m - n|, q = |m + n|, p + q = 2l.
    """
    p, q = (m - n).abs(), (m + n).abs()
    log_binomial = torch.lgamma(p + q + 1) - torch.lgamma(p + 1) - torch.lgamma(q + 1)
    sign = torch.where((m > n) & (p % 2 == 1), -1.0, 1.0)
    return sign * (log_binomial / 2).exp() * torch.sin(beta / 2) ** p * torch.cos(beta / 2) ** q


def _step(l: int, m: Tensor, n: Tensor, beta: Tensor, now: Tensor, before: Tensor) -> Tensor:  # noqa: E741
    """``d^{l+1}`` from ``d^l`` and ``d^{l-1}``; zero where degree l does not hold m and n."""
    if l < 0:
        return torch.zeros_like(now)
    inside = (m.abs() <= l) & (n.abs() <= l)
    root = _root(l + 1, m, n)
    slope = torch.cos(beta) - (m * n / (l * (l + 1)) if l else 0.0)
    damping = (l + 1) / l * _root(l, m, n) * before if l else 0.0
    step = ((l + 1) * (2 * l + 1) * slope * now - damping) / root.clamp_min(1e-300)
    return torch.where(inside, step, 0.0)


def _root(l: int, m: Tensor, n: Tensor) -> Tensor:  # noqa: E741
    """``sqrt((l^2 - m^2)(l^2 - n^2))``, zero outside the degree."""
    return ((l**2 - m**2).clamp_min(0) * (l**2 - n**2).clamp_min(0)).sqrt()
